import Foundation
import LibpqClient

/// Logins as an administrator makes them: members of one of the queue's groups and of nothing else.
enum Logins {
  static let roles = ["producer", "worker", "operator", "reader"]

  /// Runs `body` with a way to connect that is a login of the role; nil: of no role at all.
  static func with<T>(
    _ role: String?, of configuration: ConnectionConfiguration,
    _ body: (ConnectionConfiguration) async throws -> T
  ) async throws -> T {
    let name = "login_\(UUID().uuidString.lowercased().prefix(8))"
    let administrator = try await Session(configuration)
    try await administrator.run("create role \(name) login")
    if let role { try await administrator.run("grant ong_\(role) to \(name)") }
    var login = configuration
    login.conninfo += " user=\(name)"
    do {
      let value = try await body(login)
      try await drop(name, by: administrator)
      return value
    } catch {
      try? await drop(name, by: administrator)
      throw error
    }
  }

  private static func drop(_ name: String, by administrator: Session) async throws {
    try await administrator.run("drop owned by \(name) cascade; drop role \(name)")
    await administrator.connection.close()
  }
}
