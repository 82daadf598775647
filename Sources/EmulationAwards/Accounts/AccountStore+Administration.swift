package import Foundation
import LibpqClient

/// An account as an administrator sees it.
package struct AccountOverview: Encodable, Sendable {
  package let name: String
  package let displayName: String
  /// `officer` or `secretary`.
  package let role: String
  package let unit: String?
  package let bloc: String?
  package let createdAt: Date
  package let changedAt: Date
  package let disabledAt: Date?
  /// Open ones.
  package let sessions: Int
}

/// A session that is open now. What proves it is not among what can be looked at.
package struct SessionOverview: Encodable, Sendable {
  package let account: String
  package let createdAt: Date
  package let lastSeenAt: Date
  /// When it ends if nobody uses it any more.
  package let expiresAt: Date
}

extension AccountStore {
  /// - Throws: ``AccountError``
  package func create(_ account: Account, passwordHash: String) async throws {
    let (unit, bloc) = account.role.columns
    _ = try await call(
      "select emulation.create_account($1, $2, $3, $4, $5, $6)",
      [account.name, account.displayName, account.role.word, unit, bloc, passwordHash])
  }

  /// Ends all sessions of the account.
  package func setPassword(of name: String, hash: String) async throws {
    _ = try await call("select emulation.set_password($1, $2)", [name, hash])
  }

  /// Ends all sessions of the account.
  package func disable(_ name: String) async throws {
    _ = try await call("select emulation.disable_account($1)", [name])
  }

  package func enable(_ name: String) async throws {
    _ = try await call("select emulation.enable_account($1)", [name])
  }

  /// - Parameter openPages: whether the last account may go, too, which opens the pages to
  ///   everybody.
  package func remove(_ name: String, openPages: Bool) async throws {
    _ = try await call("select emulation.remove_account($1, $2)", [name, openPages])
  }

  /// - Returns: how many were open.
  package func endSessions(of name: String) async throws -> Int {
    try await call("select emulation.end_sessions($1)", [name])[0, 0].decode(Int.self)
  }

  /// All accounts, by name.
  package func accounts() async throws -> [AccountOverview] {
    try await call("select * from emulation.account_overview order by name collate \"C\"").map {
      row in
      AccountOverview(
        name: try row["name"].decode(String.self),
        displayName: try row["display_name"].decode(String.self),
        role: try row["role"].decode(String.self), unit: try row["unit"].decode(String?.self),
        bloc: try row["bloc"].decode(String?.self),
        createdAt: try row["created_at"].decode(Date.self),
        changedAt: try row["changed_at"].decode(Date.self),
        disabledAt: try row["disabled_at"].decode(Date?.self),
        sessions: try row["sessions"].decode(Int.self))
    }
  }

  /// Open sessions, the one used last first.
  ///
  /// - Parameter name: only of this account; nil: of all.
  package func sessions(of name: String? = nil) async throws -> [SessionOverview] {
    try await call(
      """
      select * from emulation.session_overview where account = coalesce($1::text, account)
       order by last_seen_at desc, account
      """, [name]
    ).map { row in
      SessionOverview(
        account: try row["account"].decode(String.self),
        createdAt: try row["created_at"].decode(Date.self),
        lastSeenAt: try row["last_seen_at"].decode(Date.self),
        expiresAt: try row["expires_at"].decode(Date.self))
    }
  }
}

extension Account.Role {
  fileprivate var word: String {
    switch self {
    case .officer: "officer"
    case .secretary: "secretary"
    }
  }

  fileprivate var columns: (unit: String?, bloc: String?) {
    switch self {
    case .officer(let unit): (unit, nil)
    case .secretary(let bloc): (nil, bloc)
    }
  }
}
