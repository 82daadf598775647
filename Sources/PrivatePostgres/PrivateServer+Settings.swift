extension PrivateServer {
  /// How a private server is kept.
  public struct Settings: Sendable {
    public enum Lifetime: Sendable {
      /// The folder stays; a stop writes everything down.
      case durable
      /// For tests: no fsync, an immediate stop, and the folder goes with the server.
      case temporary
    }

    /// The server's own folder, see `PrivateServer`. It is made if it is missing.
    public var folder: String
    public var lifetime: Lifetime
    /// Default 100, or 200 for a temporary server.
    public var maxConnections: Int
    /// Also listen on this port of 127.0.0.1. Anybody on the machine can then connect: for tests
    /// only. Default nil: the socket alone.
    public var tcpPort: Int?
    /// More settings of postgresql.conf, such as `["wal_level": "logical"]`.
    public var parameters: [String: String] = [:]
    /// Environment variables of the server's processes, beside their own. Default: none.
    package var environment: [String: String] = [:]
    /// How long starting may take, recovery after a crash included. Default 120 s.
    public var startTimeout: Duration = .seconds(120)
    /// How long a fast stop may take before an immediate one. Default 30 s.
    public var stopTimeout: Duration = .seconds(30)

    public init(folder: String, lifetime: Lifetime = .durable) {
      self.folder = folder
      self.lifetime = lifetime
      maxConnections = lifetime == .temporary ? 200 : 100
    }

    /// The command line after `postgres`.
    func arguments(for folder: ServerFolder) -> [String] {
      var all = [
        "listen_addresses": tcpPort == nil ? "" : "127.0.0.1",
        "port": String(port),
        "unix_socket_directories": folder.socket,
        "unix_socket_permissions": "0700",
        "max_connections": String(maxConnections),
      ]
      if lifetime == .temporary {
        for name in ["fsync", "full_page_writes"] { all[name] = "off" }
        all["shared_buffers"] = "64MB"
      }
      all.merge(parameters) { $1 }
      return ["-D", folder.data]
        + all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    /// What to put before a command so that it has the environment.
    var variables: [String] {
      environment.isEmpty
        ? [] : ["/usr/bin/env"] + environment.map { "\($0)=\($1)" }.sorted()
    }

    /// Names the socket's file even where nothing listens on TCP.
    var port: Int { tcpPort ?? 5432 }
  }
}
