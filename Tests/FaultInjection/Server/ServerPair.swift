import FoundationEssentials
import Glibc
import LibpqClient
import PrivatePostgres
import QueueSchema

/// A primary and, where wanted, its standby, which take turns. Both are servers of this tool's own, in
/// folders `a` and `b` under `folder`.
actor ServerPair {
  static let database = "chaos"

  private let folder: String
  private let libraries: [String: String]
  private var primary: PrivateServer
  private var standby: PrivateServer?

  /// Starts the primary and makes the database of the run in it.
  ///
  /// - Parameter environment: of the server's processes, beside their own.
  static func start(in folder: String, environment: [String: String] = [:]) async throws
    -> ServerPair
  {
    let primary = try await PrivateServer.start(settings(folder + "/a", environment))
    let administration = try await Connection.open(primary.configuration())
    try await administration.query("create database \(database)")
    await administration.close()
    return ServerPair(folder: folder, primary: primary, libraries: environment)
  }

  private init(folder: String, primary: PrivateServer, libraries: [String: String]) {
    self.folder = folder
    self.primary = primary
    self.libraries = libraries
  }

  private static func settings(_ folder: String, _ environment: [String: String])
    -> PrivateServer.Settings
  {
    var settings = PrivateServer.Settings(folder: folder)
    settings.maxConnections = 200
    settings.environment = environment
    settings.parameters = [
      // A standby comes back at once; WAL is kept for it, within the disk of the run.
      "wal_retrieve_retry_interval": "200ms", "wal_keep_size": "128MB", "max_wal_size": "256MB",
      "checkpoint_timeout": "30s", "wal_receiver_timeout": "10s", "wal_sender_timeout": "10s",
      // Commits that are not waited for stay in flight for long.
      "wal_writer_delay": "200ms", "log_min_messages": "warning", "restart_after_crash": "on",
      // Who held whom up, for a folder that is kept.
      "log_lock_waits": "on",
    ]
    return settings
  }

  /// How to reach the server that takes writes now: for the tool and the proxies.
  var current: ConnectionConfiguration { primary.configuration(database: Self.database) }

  /// The folder of its socket.
  var currentSocket: String { primary.location + "/socket" }

  /// For programs that find the one that takes writes by themselves.
  nonisolated func conninfo(name: String) -> String {
    let hosts = ["a", "b"].map { "\(folder)/\($0)/socket" }.joined(separator: ",")
    return "host='\(hosts)' port=5432 user=postgres dbname=\(Self.database) "
      + "target_session_attrs=read-write application_name='\(name)'"
  }

  func connect() async throws -> Connection {
    var configuration = current
    configuration.applicationName = "chaos tool"
    configuration.connectTimeout = .seconds(3)
    return try await Connection.open(configuration)
  }

  /// Tries until the server takes connections and writes.
  func awaitReady(within limit: Duration) async throws {
    let end = ContinuousClock.now + limit
    while true {
      do {
        let connection = try await connect()
        try await connection.query("create temporary table ready ()", timeout: .seconds(2))
        return await connection.close()
      } catch {
        if ContinuousClock.now > end { throw error }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// As `pg_ctl stop -m immediate`, a pause, and a start with recovery.
  func crash(pause: Double) async throws {
    try await primary.pause(immediately: true)
    try await Task.sleep(for: .seconds(pause))
    try await start(primary)
  }

  /// A start that finds the old server's backends still there, or a full disk, is tried again.
  private func start(_ server: PrivateServer) async throws {
    for attempt in 1... {
      do {
        return try await server.resume()
      } catch {
        if attempt == 10 { throw error }
        try await Task.sleep(for: .milliseconds(300))
      }
    }
  }

  /// Starts again what has ended by itself, as servers do whose WAL has no room, and ends a failover that
  /// was cut short.
  func revive() async throws {
    for server in [primary, standby].compactMap({ $0 }) { try await revive(server) }
    try await promote()
  }

  private func revive(_ server: PrivateServer) async throws {
    if server.isRunning { return }
    try await server.pause()
    try await start(server)
  }

  /// How often a server has given up, by their logs.
  func panics() -> Int {
    [primary, standby].compactMap { $0 }.reduce(0) { count, server in
      let log = (try? String(contentsOfFile: server.logFile, encoding: .utf8)) ?? ""
      return count + log.components(separatedBy: "PANIC:").count - 1
    }
  }

  func stop() async {
    try? await standby?.stop()
    try? await primary.stop()
  }
}

// The standby.
extension ServerPair {
  var hasStandby: Bool { standby != nil }

  /// Copies the primary into the other folder, starts it there as a standby, and has commits wait for
  /// it from then on: what a client was told is committed is on both.
  func attachStandby() async throws {
    guard standby == nil else { return }
    let place = primary.location.hasSuffix("/a") ? folder + "/b" : folder + "/a"
    try? FileManager.default.removeItem(atPath: place)
    try await ServerCopy.make(of: primary, in: place)
    let server = try await PrivateServer.start(Self.settings(place, libraries))
    standby = server
    try await replicate(true)
  }

  /// Kills the primary, promotes the standby, and drops what the primary had.
  func failOver() async throws {
    guard let heir = standby else { throw ChaosError("there is no standby") }
    try await primary.pause(immediately: true)
    try await primary.stop()
    primary = heir
    standby = nil
    // A full disk may have ended the standby.
    try await revive(heir)
    try await promote()
  }

  /// Makes the primary take writes if it still is the standby that it was.
  private func promote() async throws {
    var configuration = primary.configuration()
    configuration.queryTimeout = .seconds(60)
    let connection = try await Connection.open(configuration)
    try await connection.query("select pg_promote() where pg_is_in_recovery()")
    await connection.close()
  }

  /// Whether commits wait for the standby. Returns once all that was committed before is there too.
  private func replicate(_ isSynchronous: Bool) async throws {
    let connection = try await connect()
    let names = isSynchronous ? "*" : ""
    try await connection.execute(
      script: "alter system set synchronous_standby_names = '\(names)'")
    try await connection.query("select pg_reload_conf()")
    let end = ContinuousClock.now + .seconds(60)
    while isSynchronous {
      let reached = try await connection.query(
        """
        select exists (select from pg_stat_replication
          where sync_state = 'sync' and flush_lsn >= pg_current_wal_flush_lsn())
        """)
      if try reached[0, 0].decode(Bool.self) { break }
      if ContinuousClock.now > end { throw ChaosError("the standby does not follow") }
      try await Task.sleep(for: .milliseconds(50))
    }
    await connection.close()
  }
}
