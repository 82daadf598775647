/// libpq reports failures to connect as English text only, without a code, so the advice is found
/// by the parts of messages that have been stable for many years.
enum ConnectAdvice {
  private struct Rule {
    var part: String
    var hint: String
    var retry = false
  }

  private static let rules = [
    Rule(
      part: "password authentication failed",
      hint: "Check the user and the password (PGPASSWORD, ~/.pgpass or the connection string)"),
    Rule(
      part: "no password supplied",
      hint: "Give a password: PGPASSWORD, ~/.pgpass or the connection string"),
    Rule(part: "no pg_hba.conf entry", hint: "Allow this client in the server's pg_hba.conf"),
    Rule(part: "Peer authentication failed", hint: "Connect as another user, or over TCP"),
    Rule(part: "database \"", hint: "Create the database (createdb), or name another one"),
    Rule(part: "role \"", hint: "Create the role (createuser), or name another user"),
    Rule(
      part: "too many clients already",
      hint: "Raise the server's max_connections, or use smaller pools", retry: true),
    Rule(
      part: "remaining connection slots",
      hint: "Raise the server's max_connections, or use smaller pools", retry: true),
    Rule(part: "is starting up", hint: "Try again in a moment", retry: true),
    Rule(part: "is shutting down", hint: "Try again when the server is back", retry: true),
    Rule(
      part: "recovery mode", hint: "Try again when the server's recovery is done", retry: true),
    Rule(
      part: "Connection refused",
      hint: "Is the server running there? Start it, or name another host and port", retry: true),
    Rule(
      part: "No such file or directory",
      hint: "Is the server running there? Start it, or name another host or socket folder",
      retry: true),
    Rule(
      part: "could not translate host name",
      hint: "Check the host's name and the name service", retry: true),
    Rule(part: "session is read-only", hint: "Name the primary server's host", retry: true),
    Rule(part: "SSL", hint: "Check sslmode, sslrootcert and the server's certificate"),
    Rule(part: "certificate", hint: "Check sslmode, sslrootcert and the server's certificate"),
  ]

  static func hint(for message: String) -> String? {
    rules.first { message.contains($0.part) }?.hint
  }

  /// False when trying again cannot help before somebody changes a setting.
  static func isWorthRetrying(_ message: String) -> Bool {
    rules.first { message.contains($0.part) }?.retry ?? true
  }
}
