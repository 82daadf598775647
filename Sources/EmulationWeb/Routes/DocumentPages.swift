import EmulationAwards
import Foundation
import HTTPTypes
import Hummingbird
import WebServing

/// Reports with their files, decisions, and how far the notices have come.
struct DocumentPages: Sendable {
  let parts: SiteParts
  let language: Language

  func addRoutes(to group: RouterGroup<VisitContext>) {
    group.get("khoi/:bloc/:period/van-ban") { request, context in
      try await documents(request, context)
    }
    group.get("khoi/:bloc/:period/van-ban/bao-cao/:report") { request, context in
      try await report(request, context)
    }
  }

  private func documents(_ request: Request, _ context: VisitContext) async throws -> Response {
    let key = try context.blocPeriodKey()
    let visitor = try await reader(request, of: key)
    let bloc = try await parts.store.blocPeriod(key)
    let page = PageFrame(
      language, title: Texts.of(language).documents,
      path: PagePaths(language: .vi, key: key).documents, assets: parts.assets,
      visitor: visitor, bloc: bloc)
    let view = DocumentsView(
      page: page, language: language, bloc: bloc,
      reports: try await parts.store.reports(of: key),
      decisions: try await parts.store.decisions(of: key),
      notices: try await parts.store.notices(of: key))
    return parts.page("documents", view, for: visitor)
  }

  /// Who asks, if they may read the bloc's documents.
  private func reader(_ request: Request, of key: BlocPeriodKey) async throws -> Visitor {
    let visitor = try await parts.visitor(request)
    try visitor.requireReading(key, members: try await parts.store.members(of: key))
    return visitor
  }

  private func report(_ request: Request, _ context: VisitContext) async throws -> Response {
    let key = try context.blocPeriodKey()
    _ = try await reader(request, of: key)
    let id = try context.parameters.require("report", as: Int64.self)
    guard let report = try await parts.store.reports(of: key).first(where: { $0.id == id }),
      let file = file(of: report)
    else { throw WebFailure(.notFound, .notFound) }
    let body = try await FileIO().loadFile(path: file.path, context: context)
    let name = "bao-cao-\(key.bloc)-\(key.period)-\(report.id).\(report.format)"
    return Response(
      status: .ok,
      headers: [
        .contentType: report.format == "pdf" ? "application/pdf" : "application/octet-stream",
        .contentDisposition: "attachment; filename=\"\(name.filter { $0.isASCII && $0 != "\"" })\"",
        .eTag: "\"\(report.sha256)\"",
      ], body: body)
  }

  /// The report's file; nil if it is gone, or if its path leads out of the output folder.
  private func file(of report: ReportArtefact) -> URL? {
    let folder = parts.reportsFolder.standardizedFileURL.resolvingSymlinksInPath()
    let file = folder.appending(path: report.path).standardizedFileURL.resolvingSymlinksInPath()
    guard file.path.hasPrefix(folder.path + "/"), FileManager.default.fileExists(atPath: file.path)
    else { return nil }
    return file
  }
}
