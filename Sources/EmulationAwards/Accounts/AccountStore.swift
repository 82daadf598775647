package import Foundation
package import LibpqClient

/// Accounts and sessions in PostgreSQL, by the functions of `sql/emulation/functions/2*.sql`. It
/// never sees a password, and of a session's token only the hash.
package struct AccountStore: Sendable {
  private let pool: ConnectionPool

  package init(pool: ConnectionPool) { self.pool = pool }

  /// Who is there, as far as the database knows.
  package enum Visit: Sendable, Equatable {
    /// There is no account at all: nobody has to sign in.
    case open
    case stranger
    case signedIn(Account)
  }

  /// - Parameter tokenHash: of the session that a browser says it has; nil: it says none.
  package func visit(tokenHash: Data?) async throws -> Visit {
    let row = try await call("select * from emulation.visit($1)", [tokenHash])[0]
    guard try row["sign_in_required"].decode(Bool.self) else { return .open }
    guard try row["name"].decode(String?.self) != nil else { return .stranger }
    return .signedIn(try Account(row))
  }

  package func signInRequired() async throws -> Bool {
    try await call("select emulation.sign_in_required()")[0, 0].decode(Bool.self)
  }

  /// One attempt to sign in, counted before it is known how it ends.
  package enum Attempt: Sendable, Equatable {
    case wait(Duration)
    /// The hash to check the password against; nil: there is no such account, or it is disabled.
    case check(hash: String?)
  }

  package func beginSignIn(name: String, address: String) async throws -> Attempt {
    let row = try await call(
      """
      select extract(epoch from wait)::float8 as wait, password_hash
        from emulation.begin_sign_in($1, $2)
      """, [name, address])[0]
    if let wait = try row["wait"].decode(Double?.self) { return .wait(.seconds(wait)) }
    return .check(hash: try row["password_hash"].decode(String?.self))
  }

  /// - Parameter checkedHash: what the password was checked against.
  /// - Returns: false if the password was changed or the account disabled in the meantime.
  package func beginSession(
    name: String, address: String, checkedHash: String, tokenHash: Data, limits: SessionLimits
  ) async throws -> Bool {
    try await call(
      "select emulation.begin_session($1, $2, $3, $4, $5::interval, $6::interval)",
      [
        name, address, checkedHash, tokenHash, "\(limits.idle / .seconds(1)) seconds",
        "\(limits.lifetime / .seconds(1)) seconds",
      ])[0, 0].decode(Bool.self)
  }

  package func endSession(tokenHash: Data) async throws {
    _ = try await call("select emulation.end_session($1)", [tokenHash])
  }

  /// Ends all sessions of the account.
  ///
  /// - Returns: false if the password was changed or the account disabled in the meantime.
  package func changePassword(
    name: String, checkedHash: String, newHash: String
  ) async throws -> Bool {
    try await call(
      "select emulation.change_password($1, $2, $3)", [name, checkedHash, newHash])[0, 0]
      .decode(Bool.self)
  }

  package func renewPasswordHash(
    name: String, checkedHash: String, newHash: String
  ) async throws {
    _ = try await call(
      "select emulation.renew_password_hash($1, $2, $3)", [name, checkedHash, newHash])
  }

  /// The schema's own refusals come out as ``AccountError``.
  func call(_ sql: String, _ parameters: [any SQLParameter] = []) async throws -> QueryResult {
    do {
      return try await pool.query(sql, parameters)
    } catch let error as DatabaseError {
      throw AccountError(error) ?? error
    }
  }
}

extension Account {
  init(_ row: SQLRow) throws {
    let unit = try row["unit"].decode(String?.self)
    let bloc = try row["bloc"].decode(String?.self)
    self.init(
      name: try row["name"].decode(String.self),
      displayName: try row["display_name"].decode(String.self),
      role: unit.map { .officer(unit: $0) } ?? .secretary(bloc: bloc))
  }
}
