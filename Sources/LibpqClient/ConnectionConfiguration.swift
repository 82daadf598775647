/// Where the database is and how patient to be with it.
///
/// The connection string is handed to libpq, so TLS settings (`sslmode`, `sslrootcert` …), several
/// hosts with `target_session_attrs`, service files and the `PG…` environment work as in psql.
public struct ConnectionConfiguration: Sendable {
  /// A libpq connection string or URI. Empty: the environment and service files alone.
  public var conninfo: String
  /// What the connection leads to. Default: the server itself, or a pooler in session mode.
  public var pooling: Pooling = .session
  /// Another database of the same server. Default: the one that `conninfo` names.
  public var database: String?
  /// For each host that is tried. Default 10 s; `connect_timeout` in `conninfo` wins.
  public var connectTimeout: Duration = .seconds(10)
  /// For each operation, from the call to its end, waiting in line included. Default 30 s.
  public var queryTimeout: Duration = .seconds(30)
  /// How long the server may take to obey a cancel before the connection is given up. Default 5 s.
  public var cancelGrace: Duration = .seconds(5)
  /// Shown in pg_stat_activity. Default: what `conninfo` says, else `ong`.
  public var applicationName: String?
  /// SQL text of the search path, such as `ong, public`. Default: the server's. Not with `.transaction`.
  public var searchPath: String?
  /// Idle time before the first keepalive probe, TCP only. Default 10 s; `conninfo` wins.
  public var keepalivesIdle: Duration = .seconds(10)
  /// Time between keepalive probes, TCP only. Default 5 s; `conninfo` wins.
  public var keepalivesInterval: Duration = .seconds(5)
  /// Probes without an answer before the connection is broken. Default 3; `conninfo` wins.
  public var keepalivesCount = 3
  /// How long sent data may stay unacknowledged, TCP only. Default 25 s; `conninfo` wins.
  public var tcpUserTimeout: Duration = .seconds(25)

  /// How long one session of the server stays with a connection.
  public enum Pooling: Sendable, Hashable {
    /// From the connection's start to its end.
    case session
    /// For one transaction, as behind PgBouncer with `pool_mode = transaction`: statements are not
    /// prepared, and what needs a session is refused, such as LISTEN.
    case transaction
  }

  public init(_ conninfo: String = "") { self.conninfo = conninfo }

  /// `ONG_DATABASE_URL` if set, else libpq's own variables, else nil.
  public static func fromEnvironment(_ environment: [String: String]) -> ConnectionConfiguration? {
    if let url = environment["ONG_DATABASE_URL"], !url.isEmpty {
      return ConnectionConfiguration(url)
    }
    let naming = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE", "PGUSER"]
    return naming.contains { environment[$0]?.isEmpty == false } ? ConnectionConfiguration() : nil
  }
}
