/// Arguments are seen by everybody on the machine (`ps`), so no password may stand in them.
enum PasswordInArguments {
  static let advice = """
    other users see the arguments of a program: put the password into ~/.pgpass or PGPASSWORD, or \
    the whole connection string into ONG_DATABASE_URL
    """

  /// Whether a connection string of either form holds a password.
  static func stands(in conninfo: String) -> Bool {
    let words = /(?i)(^|[\s?&])(ssl)?password\s*=\s*[^\s&]/
    if conninfo.contains(words) { return true }
    guard let start = conninfo.firstRange(of: "://") else { return false }
    let authority = conninfo[start.upperBound...].prefix { !"/?".contains($0) }
    guard let end = authority.lastIndex(of: "@") else { return false }
    guard let colon = authority[..<end].firstIndex(of: ":") else { return false }
    return authority.index(after: colon) < end
  }
}
