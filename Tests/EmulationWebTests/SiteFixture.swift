import EmulationAwards
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import WebServing
import WebTesting

@testable import EmulationWeb

/// Word of changes that a test gives itself.
final class HandSignals: RankingSignals {
  private let stream = AsyncStream.makeStream(of: RankingSignal.self)

  func send(_ signal: RankingSignal) { stream.continuation.yield(signal) }

  func changes(_ receive: @Sendable (RankingSignal) async -> Void) async {
    for await signal in stream.stream { await receive(signal) }
  }
}

/// The site over a store in memory, driven without a socket.
struct SiteFixture {
  let store: MemoryStore
  let signals = HandSignals()
  let reportsFolder: URL
  let server: WebServer

  init(
    reportsFolder: URL = URL(filePath: "/nonexistent"),
    contents: MemoryStore.Contents = .init()
  ) throws {
    store = MemoryStore(contents)
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    self.reportsFolder = reportsFolder
    var configuration = WebConfiguration()
    configuration.address.port = 0
    server = try WebServer(
      configuration: configuration,
      sites: [
        try EmulationSite(
          store: store, signals: signals, signIn: nil, reportsFolder: reportsFolder,
          logger: quiet)
      ], errorPages: try SiteErrorPages(), logger: quiet)
  }

  /// Runs a test against the router.
  func browse(_ body: @Sendable (SiteClient) async throws -> Void) async throws {
    try await server.browse(body)
  }

  static let form = "/khoi/HDT/2023/don-vi/CTD"
  static let ranking = "/khoi/HDT/2023"
}

/// A form as a browser fills it in: what the page offered, changed by hand.
struct FilledForm {
  let path: String
  var fields: [String: String]
  var cookie: String
  var headers: HTTPFields = [
    .contentType: "application/x-www-form-urlencoded",
    HTTPField.Name("Sec-Fetch-Site")!: "same-origin",
  ]

  /// Opens the page and reads its form.
  static func open(_ path: String, in client: SiteClient) async throws -> FilledForm {
    try await client.execute(uri: path, method: .get) { response in
      let page = String(buffer: response.body)
      let cookie = response.headers[.setCookie]?.split(separator: ";").first.map(String.init) ?? ""
      return FilledForm(path: path, fields: page.inputs, cookie: cookie)
    }
  }

  func send<Value>(
    in client: SiteClient, _ check: @escaping @Sendable (SiteClient.Answer) throws -> Value
  ) async throws -> Value {
    var headers = headers
    headers[.cookie] = cookie
    let body = fields.map { "\(Self.escaped($0.key))=\(Self.escaped($0.value))" }
      .joined(separator: "&")
    return try await client.execute(
      uri: path, method: .post, headers: headers, body: ByteBuffer(string: body),
      check: check)
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
  }
}

extension String {
  /// Names and values of a page's inputs; of choices the chosen one.
  var inputs: [String: String] {
    matches(of: /<input [^>]*>/).reduce(into: [:]) { inputs, match in
      let tag = match.output
      guard let name = tag.firstMatch(of: /name="([^"]*)"/)?.1,
        let value = tag.firstMatch(of: /value="([^"]*)"/)?.1,
        !tag.contains("radio") || tag.contains(" checked")
      else { return }
      inputs[String(name)] = String(value)
    }
  }
}
