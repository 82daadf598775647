import EmulationAwards
import Foundation
import HTTPTypes
import LibpqClient
import NIOCore
import PasswordHashing
import WebTesting

@testable import EmulationWeb

/// A browser without scripts: it keeps cookies, and sends the forms that pages have.
final class BrowserTab {
  struct Page {
    let path: String
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let text: String

    var location: String? { headers[.location] }
    var setCookies: [String] { headers[values: .setCookie] }

    /// The fields of the page's form that is sent to `action`, as they stand.
    func form(_ action: String) -> [String: String]? {
      guard let start = text.range(of: #"action="\#(action)""#),
        let end = text.range(of: "</form>", range: start.upperBound..<text.endIndex)
      else { return nil }
      return String(text[start.upperBound..<end.lowerBound]).inputs
    }
  }

  private let client: SiteClient
  private let address: String
  var cookies: [String: String] = [:]

  init(_ client: SiteClient, from address: String = "192.0.2.1") {
    self.client = client
    self.address = address
  }

  func open(_ path: String) async throws -> Page {
    try await exchange(path, .get, [:], nil)
  }

  /// Sends fields as a form of our own page would be.
  func send(
    _ fields: [String: String], to path: String, site: String? = "same-origin"
  ) async throws -> Page {
    var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
    headers[HTTPField.Name("Sec-Fetch-Site")!] = site
    let body = fields.map { "\($0.key.formEncoded)=\($0.value.formEncoded)" }
    return try await exchange(path, .post, headers, ByteBuffer(string: body.joined(separator: "&")))
  }

  /// Opens a page, changes its form that is sent to `action`, and sends it.
  func fillIn(
    _ changes: [String: String], on page: String, action: String? = nil
  ) async throws -> Page {
    let action = action ?? String(page.prefix { $0 != "?" })
    let fields = try await open(page).form(action) ?? [:]
    return try await send(fields.merging(changes) { $1 }, to: action)
  }

  @discardableResult
  func signIn(
    _ name: String, _ password: String = SiteDatabase.password, on page: String = "/dang-nhap"
  ) async throws -> Page {
    try await fillIn(["ten": name, "mat-khau": password], on: page)
  }

  private func exchange(
    _ path: String, _ method: HTTPRequest.Method, _ fields: HTTPFields, _ body: ByteBuffer?
  ) async throws -> Page {
    var headers = fields
    if !cookies.isEmpty {
      headers[.cookie] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    }
    let page = try await client.execute(
      uri: path, method: method, headers: headers, body: body, from: address
    ) { Page(path: path, status: $0.status, headers: $0.headers, text: String(buffer: $0.body)) }
    for cookie in page.setCookies { keep(cookie) }
    return page
  }

  private func keep(_ cookie: String) {
    let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
    let isGone = cookie.contains("Max-Age=0")
    cookies[String(pair[0])] = isGone || pair.count < 2 ? nil : String(pair[1])
  }
}

extension SiteDatabase {
  static let password = "mùa thu Hà Nội"

  /// A site with one account, `an`, an officer of the unit KHOC.
  static func withOfficer(
    _ body: @Sendable (SiteDatabase, SiteClient) async throws -> Void
  ) async throws {
    try await with { site in
      try await site.addAccount("an", .officer(unit: "KHOC"))
      try await site.server.browse { try await body(site, $0) }
    }
  }

  func addAccount(_ name: String, _ role: Account.Role, password: String = password) async throws {
    let hash = try await Self.hasher.hash(try Password(new: password))
    try await accounts.create(
      Account(name: name, displayName: "Hội \(name)", role: role), passwordHash: hash)
  }

  /// Lets time pass for sessions and attempts.
  func pass(_ time: String) async throws {
    try await pool.query(
      """
      update emulation.session set last_seen_at = last_seen_at - $1::interval,
        created_at = created_at - $1::interval, expires_at = expires_at - $1::interval
      """, [time])
    try await pool.query(
      "update emulation.sign_in_attempt set last_at = last_at - $1::interval", [time])
  }
}

extension String {
  fileprivate var formEncoded: String {
    addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
  }
}
