import CLibpq

#if canImport(Glibc)
  import Glibc
#endif

/// A connection string taken apart, with this client's defaults filled in.
struct ConnectionParameters: Sendable, Equatable {
  private(set) var values: [String: String]

  /// Throws kind `.connection` for a string that libpq cannot read; the message never quotes it,
  /// as it may hold a password.
  init(_ configuration: ConnectionConfiguration) throws {
    values = try Self.parse(configuration.conninfo)
    values["client_encoding"] = "UTF8"
    takeHostsFromEnvironment()
    if let database = configuration.database { values["dbname"] = database }
    if let name = configuration.applicationName { values["application_name"] = name }
    setDefault("fallback_application_name", "ong")
    if let path = configuration.searchPath {
      guard configuration.pooling == .session else {
        throw DatabaseError.misuse(
          "a search path belongs to a session, which a pooler in transaction mode does not keep")
      }
      addOption("search_path", path)
    }
    // A service may set these itself, and a parameter would overrule it.
    if isByService { return }
    setDefault("keepalives_idle", configuration.keepalivesIdle.wholeSeconds)
    setDefault("keepalives_interval", configuration.keepalivesInterval.wholeSeconds)
    setDefault("keepalives_count", String(configuration.keepalivesCount))
    setDefault("tcp_user_timeout", String(configuration.tcpUserTimeout.milliseconds))
  }

  /// A service file has a say; see `SocketTimeouts` for what it leaves open.
  var isByService: Bool { values["service"] != nil || getenv("PGSERVICE") != nil }

  /// The number of hosts named, at least 1.
  var hostCount: Int {
    let named = values["hostaddr"] ?? values["host"]
    return max(1, named.map { $0.split(separator: ",").count } ?? 1)
  }

  /// The connection string's own limit for each host, if it has one.
  var connectTimeout: Duration? {
    guard let seconds = values["connect_timeout"].flatMap({ Int($0) }), seconds > 0 else {
      return nil
    }
    return .seconds(seconds)
  }

  /// Without the first `count` hosts, which were tried; nil when none is left.
  func dropping(hosts count: Int) -> ConnectionParameters? {
    var rest = self
    guard count < hostCount else { return nil }
    for key in ["host", "hostaddr", "port"] {
      guard let list = values[key] else { continue }
      let parts = list.split(separator: ",", omittingEmptySubsequences: false)
      if parts.count == 1 { continue }  // one port for all hosts
      rest.values[key] = parts.dropFirst(count).joined(separator: ",")
    }
    return rest
  }

  /// Which of the hosts libpq is at, by what it says of the current one.
  func position(
    ofHost host: UnsafePointer<CChar>?, port: UnsafePointer<CChar>?
  ) -> Int {
    let names = [values["host"], values["hostaddr"]].compactMap { $0?.split(separator: ",") }
    let ports = (values["port"] ?? "").split(separator: ",")
    let (host, port) = (host.map { String(cString: $0) }, port.map { String(cString: $0) })
    let found = (0..<hostCount).first { index in
      let isHost = names.contains { index < $0.count && String($0[index]) == host }
      let ownPort = ports.count > 1 && index < ports.count ? String(ports[index]) : port
      return isHost && ownPort == port
    }
    return found ?? 0
  }

  /// Calls with null-terminated arrays as `PQconnectStartParams` wants them.
  func withKeywordsAndValues<T>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> T
  ) -> T {
    let pairs = values.sorted { $0.key < $1.key }
    let keys = pairs.map { strdup($0.key) }
    let texts = pairs.map { strdup($0.value) }
    defer { for text in keys + texts { free(text) } }
    let keywords = keys.map { UnsafePointer($0) } + [nil]
    let strings = texts.map { UnsafePointer($0) } + [nil]
    return keywords.withUnsafeBufferPointer { keywords in
      strings.withUnsafeBufferPointer { body(keywords.baseAddress!, $0.baseAddress!) }
    }
  }

  /// A list of hosts must stand here, so that the tried ones can be dropped.
  private mutating func takeHostsFromEnvironment() {
    guard values["host"] == nil && values["hostaddr"] == nil && values["service"] == nil,
      let hosts = getenv("PGHOST").map({ String(cString: $0) }), hosts.contains(",")
    else { return }
    values["host"] = hosts
    if let ports = getenv("PGPORT") { setDefault("port", String(cString: ports)) }
  }

  private mutating func setDefault(_ key: String, _ value: String) {
    if values[key] == nil { values[key] = value }
  }

  private mutating func addOption(_ name: String, _ value: String) {
    let escaped = value.map { " \\".contains($0) ? "\\\($0)" : String($0) }.joined()
    let before = values["options"] ?? getenv("PGOPTIONS").map { String(cString: $0) } ?? ""
    values["options"] = before + " -c \(name)=" + escaped
  }

  private static func parse(_ conninfo: String) throws -> [String: String] {
    if conninfo.utf8.contains(0) { throw invalid("it contains a NUL character") }
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(conninfo, &message) else {
      defer { PQfreemem(message) }
      throw invalid(safeReason(message.map { String(cString: $0) } ?? "out of memory"))
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    return values
  }

  private static func safeReason(_ message: String) -> String {
    for start in ["invalid connection option", "invalid URI query parameter"]
    where message.hasPrefix(start) { return message.trimmedMessage }
    return "libpq cannot read it"
  }

  private static func invalid(_ reason: String) -> DatabaseError {
    DatabaseError(
      .connection, "the connection string is not valid: \(reason)",
      hint: "Write postgresql://user@host:port/database?sslmode=require or host=… dbname=…")
  }
}

extension Duration {
  /// Rounded up.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }

  var wholeSeconds: String { String(max(1, (milliseconds + 999) / 1000)) }
}
