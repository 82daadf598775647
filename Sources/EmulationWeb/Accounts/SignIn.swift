package import EmulationAwards
import Foundation
package import PasswordHashing

/// Lets people in and out: checks passwords, begins and ends sessions.
package struct SignIn: Sendable {
  let store: AccountStore
  let hasher: PasswordHasher
  let limits: SessionLimits

  package init(
    store: AccountStore, hasher: PasswordHasher = PasswordHasher(),
    limits: SessionLimits = SessionLimits()
  ) {
    self.store = store
    self.hasher = hasher
    self.limits = limits
  }

  /// What came of an attempt to sign in or to change a password.
  enum Outcome: Sendable {
    case begun(SessionToken)
    /// There is no such account, or the password is another.
    case refused
    case wait(Duration)
  }

  /// - Parameter address: who asks; attempts are counted for it and for the name.
  func begin(name: String, password: String, address: String) async throws -> Outcome {
    try await attempt(name, password, address) { name, hash, verdict in
      let current =
        verdict == .outdated ? try await renew(hash, of: name, password: password) : hash
      return try await session(of: name, address: address, under: current)
    }
  }

  /// Ends all sessions of the account; the one that is begun is the only one.
  func changePassword(
    of name: String, from password: String, to new: Password, address: String
  ) async throws -> Outcome {
    try await attempt(name, password, address) { name, hash, _ in
      let newHash = try await hasher.hash(new)
      guard
        try await store.changePassword(name: name, checkedHash: hash, newHash: newHash)
      else { return .refused }
      return try await session(of: name, address: address, under: newHash)
    }
  }

  /// Names that nobody can have are treated as others are, up to the time that it takes.
  private func attempt(
    _ typed: String, _ password: String, _ address: String,
    _ proceed: (String, String, PasswordHasher.Verdict) async throws -> Outcome
  ) async throws -> Outcome {
    let name = AccountName.normalised(typed) ?? ""
    switch try await store.beginSignIn(name: name, address: address) {
    case .wait(let time): return .wait(time)
    case .check(let hash):
      let verdict = try await hasher.check(Password(typed: password), against: hash)
      guard verdict != .wrong, let hash else { return .refused }
      return try await proceed(name, hash, verdict)
    }
  }

  private func session(
    of name: String, address: String, under hash: String
  ) async throws -> Outcome {
    let token = SessionToken()
    let isBegun = try await store.beginSession(
      name: name, address: address, checkedHash: hash, tokenHash: token.hash, limits: limits)
    return isBegun ? .begun(token) : .refused
  }

  private func renew(_ hash: String, of name: String, password: String) async throws -> String {
    let new = try await hasher.hash(Password(typed: password))
    try await store.renewPasswordHash(name: name, checkedHash: hash, newHash: new)
    return new
  }
}
