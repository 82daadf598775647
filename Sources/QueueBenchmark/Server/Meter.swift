import LibpqClient

/// Reads what the server and this process have used so far.
///
/// Sessions hand in their statistics when they end, so the counters are right for work whose
/// connections are closed by then. WAL is that of the whole server, its other users' included.
struct Meter: Sendable {
  private let connection: Connection
  private let server: ServerProcesses?

  var isServerLocal: Bool { server != nil }

  init(_ connection: Connection) async throws {
    self.connection = connection
    server = try await ServerProcesses(of: connection)
  }

  /// Counters of the database, all of them since its making.
  struct Counters {
    var wal: Int64
    var commits: Int64
    var deadTuples: Int64
  }

  func counters() async throws -> Counters {
    let answer = try await connection.query(
      """
      select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint,
        (select xact_commit from pg_stat_database where datname = current_database()),
        (select coalesce(sum(n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables)
      """)
    return Counters(
      wal: try answer[0, 0].decode(), commits: try answer[0, 1].decode(),
      deadTuples: try answer[0, 2].decode())
  }

  /// The counters once the sessions that have ended have handed in their part, and the others what
  /// they may keep back for a second.
  func settledCounters() async throws -> Counters {
    try await flush()
    var last = try await counters()
    for _ in 0..<50 {
      try await Task.sleep(for: .milliseconds(20))
      let next = try await counters()
      if next.deadTuples == last.deadTuples, next.commits <= last.commits + 2 { return next }
      last = next
    }
    return last
  }

  /// From PostgreSQL 15 on; before, a collector has them within half a second.
  private func flush() async throws {
    let version = try await connection.query("select current_setting('server_version_num')::int")
    if try version[0, 0].decode(Int32.self) >= 150_000 {
      try await connection.query("select pg_stat_force_next_flush()")
    } else {
      try await Task.sleep(for: .milliseconds(600))
    }
  }

  /// What takes no round trip.
  struct Stopwatch {
    let at: Int64
    let clientCPU: Double
    let serverCPU: Double?
    let wakeUps: Int
  }

  var stopwatch: Stopwatch {
    let own = OwnProcess.now
    return Stopwatch(
      at: MonotonicClock.nanoseconds, clientCPU: own.cpuSeconds, serverCPU: server?.cpuSeconds,
      wakeUps: own.wakeUps)
  }

  /// Connections of workers now.
  func workerConnections() async throws -> Int {
    let answer = try await connection.query(
      """
      select count(*) from pg_stat_activity
      where datname = current_database() and application_name like 'ong worker %'
      """)
    return Int(try answer[0, 0].decode(Int64.self))
  }
}

extension Measurement {
  /// The work between two looks.
  init(
    jobs: Int, from start: Meter.Stopwatch, to end: Meter.Stopwatch, startedAt: Int64? = nil
  ) {
    self.init(jobs: jobs, seconds: Double(end.at - (startedAt ?? start.at)) / 1e9)
    clientCPU = end.clientCPU - start.clientCPU
    serverCPU = start.serverCPU.flatMap { before in end.serverCPU.map { $0 - before } }
    residentBytes = OwnProcess.peakMemory
  }

  /// What workers used in processes of their own.
  mutating func add(_ before: WorkerProcesses.Usage, _ after: WorkerProcesses.Usage) {
    clientCPU = clientCPU.map { $0 + after.cpuSeconds - before.cpuSeconds }
    residentBytes = after.peakMemory ?? residentBytes
  }

  mutating func add(_ before: Meter.Counters, _ after: Meter.Counters) {
    walBytes = after.wal - before.wal
    commits = after.commits - before.commits
    deadTuples = after.deadTuples - before.deadTuples
  }
}
