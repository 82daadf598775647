import FoundationEssentials
import Glibc
public import LibpqClient
public import Logging
import Synchronization

/// A PostgreSQL server that belongs to this program: one folder, a unix socket in a folder of mode
/// 0700, no TCP port, no password, run by an unprivileged user also when root starts it. Only that user,
/// root and whoever runs this program get in (``Entrance``).
///
/// It stops with this program. When this program is killed, a small shell beside the server notices
/// and stops it, with everything written down. The next `start` waits for that; a server that
/// still lives although nobody looks after it any more is stopped and started anew, so that what
/// runs always is what the settings say.
public final class PrivateServer: Sendable {
  public let settings: Settings
  private let folder: ServerFolder
  private let programs: ServerPrograms
  private let logger: Logger?
  private let process: Mutex<ServerProcess?>
  /// Held from the start to `stop`.
  private let lock: Mutex<FolderLock?>

  /// Makes the cluster if there is none, recovers from what an earlier program left, starts the
  /// server and returns when it takes connections.
  ///
  /// Throws `PrivateServerError`, which says what to do.
  public static func start(_ settings: Settings, logger: Logger? = nil) async throws
    -> PrivateServer
  {
    let folder = try await ServerFolder.prepare(settings.folder)
    let lock = try await FolderLock.acquire(folder.lock)
    let programs = try await ServerPrograms.find(
      version: folder.dataVersion, environment: ProcessInfo.processInfo.environment)
    let server = PrivateServer(settings, folder, programs, lock, logger)
    try await server.makeCluster()
    try await server.endOrphan()
    try await server.guardEntrance()
    try await server.launch()
    return server
  }

  private init(
    _ settings: Settings, _ folder: ServerFolder, _ programs: ServerPrograms, _ lock: FolderLock,
    _ logger: Logger?
  ) {
    self.settings = settings
    self.folder = folder
    self.programs = programs
    self.lock = Mutex(lock)
    self.logger = logger
    process = Mutex(nil)
  }

  /// How to connect, as the superuser `postgres`.
  public func configuration(database: String = "postgres") -> ConnectionConfiguration {
    ConnectionConfiguration(
      Self.conninfo(host: folder.socket, port: settings.port, database: database))
  }

  /// How to connect over TCP; nil without `Settings.tcpPort`.
  public func tcpConfiguration(database: String = "postgres") -> ConnectionConfiguration? {
    settings.tcpPort.map { _ in
      ConnectionConfiguration(
        Self.conninfo(host: "127.0.0.1", port: settings.port, database: database))
    }
  }

  /// Where the server really lives: `settings.folder`, or a folder under /var/lib/ong when root
  /// wanted a place that the server's user cannot reach.
  public var location: String { folder.root }

  /// What the server wrote about itself.
  public var logFile: String { folder.log }

  /// The server's own process, if it lives.
  public var processID: Int32? { Postmaster(of: folder)?.id }

  public var isRunning: Bool { process.withLock { $0?.isRunning == true } }

  /// Ends every connection and stops, with everything written down, unless the lifetime is
  /// temporary: then the folder is removed. Another program may use the folder afterwards.
  public func stop() async throws {
    defer { lock.withLock { $0 = nil } }
    guard let running = takeProcess() else { return try await removeIfTemporary() }
    running.letGo()
    try await awaitEnd(of: running)
  }

  /// Stops and starts again on the same data, whatever the lifetime. With `immediately` as after a
  /// crash: nothing is written down, and the server recovers while it starts.
  public func restart(immediately: Bool = false) async throws {
    try await pause(immediately: immediately)
    try await resume()
  }

  /// Stops, keeping the data of a temporary server too, until `resume`.
  public func pause(immediately: Bool = false) async throws {
    guard let running = takeProcess() else { return }
    running.stop(by: immediately ? "QUIT" : "INT")
    try await awaitEnd(of: running)
  }

  /// Starts the server again after `pause`.
  public func resume() async throws {
    guard !isRunning else { return }
    guard lock.withLock({ $0 != nil }) else {
      throw PrivateServerError(.startFailed, "the server was stopped for good; start a new one")
    }
    try await launch()
  }

  private func takeProcess() -> ServerProcess? {
    process.withLock { process in
      defer { process = nil }
      return process
    }
  }

  /// A paused server has no shell that would do it.
  private func removeIfTemporary() async throws {
    guard settings.lifetime == .temporary, lock.withLock({ $0 != nil }) else { return }
    _ = try await ChildProcess.run(
      folder.user.commandPrefix + ["/bin/rm", "-rf", folder.root, folder.socket])
  }

  static func conninfo(host: String, port: Int, database: String) -> String {
    [("host", host), ("port", String(port)), ("user", "postgres"), ("dbname", database)]
      .map { "\($0)='\($1.escapedForConninfo)'" }.joined(separator: " ")
  }

  // MARK: Steps of the start

  /// initdb works in a folder beside, so that one that was cut short is never taken for a cluster.
  private func makeCluster() async throws {
    if folder.hasData { return }
    logger?.info("making a database cluster", metadata: ["folder": "\(folder.data)"])
    var command = [
      programs.initdb, "-D", folder.newData, "-U", "postgres", "--auth=trust", "-E", "UTF8",
      "--locale=C.UTF-8",
    ]
    if settings.lifetime == .temporary { command.append("--no-sync") }
    let script = "cd / && umask 077 && rm -rf \"$1\" && shift && \"$@\" && mv \"$3\" \"$0\""
    let run = try await ChildProcess.run(
      folder.user.commandPrefix + ["/bin/sh", "-c", script, folder.data, folder.newData] + command)
    guard run.status == 0 else {
      throw PrivateServerError(
        .initdbFailed, "initdb failed: \(run.output.lastLines(4))",
        hint: "Is the disk full, or the folder \(folder.root) not writable?")
    }
  }

  /// A temporary server, for tests, lets any name in: tests log in as many.
  private func guardEntrance() async throws {
    guard settings.lifetime == .durable else { return }
    try await Entrance(folder.user, tcpPort: settings.tcpPort)?.write(in: folder)
  }

  private func endOrphan() async throws {
    if let orphan = Postmaster(of: folder) {
      logger?.notice(
        "stopping a server that an earlier run left behind", metadata: ["pid": "\(orphan.id)"])
      guard await orphan.stop(patience: settings.stopTimeout) else {
        throw PrivateServerError(
          .stopFailed, "process \(orphan.id), a server left behind, does not stop",
          hint: "Stop it by hand: kill -9 \(orphan.id)")
      }
    }
    folder.removeStalePidFile()
  }

  /// The backends of a killed server may hold on to its shared memory for a moment; a start in
  /// that moment fails and is tried again.
  private func launch() async throws {
    let end = ContinuousClock.now + settings.startTimeout
    var attempts = 0
    while true {
      attempts += 1
      let process = try ServerProcess(programs, settings, folder)
      do {
        try await awaitReady(process, until: end)
        return self.process.withLock { $0 = process }
      } catch let error as PrivateServerError where attempts < 10 && error.isTransient {
        folder.removeStalePidFile()
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  private func awaitReady(
    _ process: ServerProcess, until end: ContinuousClock.Instant
  ) async throws {
    var configuration = self.configuration()
    configuration.connectTimeout = .seconds(5)
    var reason = ""
    while ContinuousClock.now < end {
      guard process.isRunning else {
        throw PrivateServerError(
          .startFailed, "the server ended while it started: \(logTail)",
          hint: "Its log is \(folder.log)")
      }
      do {
        let connection = try await Connection.open(configuration)
        return await connection.close()
      } catch {
        reason = "\(error)"
      }
      do {
        try await Task.sleep(for: .milliseconds(20))
      } catch {
        process.stop(by: "INT")
        throw error
      }
    }
    process.stop(by: "QUIT")
    throw PrivateServerError(
      .startFailed, "the server is not ready after \(settings.startTimeout): \(reason)",
      hint: "Its log is \(folder.log)")
  }

  private func awaitEnd(of process: ServerProcess) async throws {
    if await process.waitForExit(within: settings.stopTimeout) != nil { return }
    logger?.warning("the server does not stop in time and is stopped at once")
    if let postmaster = Postmaster(of: folder) {
      _ = await postmaster.stop(patience: .zero)
    }
    guard await process.waitForExit(within: .seconds(10)) != nil else {
      throw PrivateServerError(.stopFailed, "the server does not stop; its log is \(folder.log)")
    }
  }

  private var logTail: String {
    let text = (try? String(contentsOfFile: folder.log, encoding: .utf8)) ?? ""
    return text.lastLines(4)
  }
}

extension PrivateServerError {
  fileprivate var isTransient: Bool {
    kind == .startFailed
      && (message.contains("shared memory block") || message.contains("lock file"))
  }
}

extension String {
  fileprivate func lastLines(_ count: Int) -> String {
    split(separator: "\n").suffix(count).joined(separator: " | ")
  }

  fileprivate var escapedForConninfo: String {
    map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
  }
}
