package import Foundation
package import JobQueue
import Logging

/// `report.render`: renders a report from a snapshot. The same key gives the same file, and reads
/// nothing but the snapshot.
package struct RenderReport: JobPayload {
  package static let kind = "report.render"
  package static let options = JobOptions(
    queue: EmulationQueue.reports, maxAttempts: 5, timeout: .seconds(60))
  /// Layout is CPU work.
  package static let execution = JobExecution.blocking

  package var snapshot: Int64

  package init(snapshot: Int64) { self.snapshot = snapshot }

  package func run(
    _ store: EmulationStore, _ renderer: any ReportRendering, folder: URL, _ context: JobContext
  ) async throws {
    let key = ArtefactKey(
      kind: YearEndReport.kind, snapshot: snapshot,
      templateVersion: YearEndReport.templateVersion * 1000 + renderer.rendererVersion,
      locale: "vi", format: renderer.format, paramsHash: "none")
    let files = ReportFiles(folder: folder)
    if let artefact = try await store.artefact(key), files.has(artefact) {
      context.logger.info("report \(artefact.path) is there already")
      return
    }
    let content = try await store.snapshot(snapshot).content
    let bytes = try renderer.render(YearEndReport(content: content).document)
    let path = files.path(for: key, blocPeriod: content.blocPeriod.key)
    try files.write(bytes, to: path)
    try await store.publish(key, path: path, bytes: bytes)
    context.logger.info("report \(path) rendered, \(bytes.count) bytes")
  }
}

extension EmulationStore {
  func artefact(_ key: ArtefactKey) async throws -> ReportArtefact? {
    try await read { try await $0.artefact(key) }
  }

  /// The file is there before its row: whoever sees the row finds the file.
  func publish(_ key: ArtefactKey, path: String, bytes: [UInt8]) async throws {
    try await write { rows in
      try await rows.storeArtefact(
        key, path: path, byteCount: bytes.count, sha256: try await rows.sha256(bytes))
    }
  }
}
