import Foundation
import JobQueueTesting
import LibpqClient
import PrivatePostgres
import Testing

/// Real worker processes that are killed, stopped and cut off.
@Suite("Crashes", .serialized)
struct CrashTests {
  @Test("The jobs of a worker that was killed are run by another within seconds")
  func kill9() async throws {
    try await withStepQueue { queue, configuration in
      let ids = try await queue.enqueue(40, milliseconds: 200)
      let victim = try WorkerProcess(configuration)
      try await queue.wait(.seconds(20), for: "the victim to start jobs") {
        try await queue.starts(of: victim) >= 4
      }
      let heir = try WorkerProcess(configuration)
      try await queue.wait(.seconds(20), for: "the heir to register") {
        try await queue.count("select count(*) from ong.worker_status()") == 2
      }
      victim.send(SIGKILL)
      let killed = ContinuousClock.now
      try await queue.wait(.seconds(20), for: "the rescue") {
        try await queue.count("select count(*) from ong.job_event where event = 'crashed'") > 0
      }
      // The system tells that the process is gone: the 5 s grace of a lost connection is not waited
      // for. What remains is the election of a new leader, 2 s, and its next look, 1 s.
      #expect(ContinuousClock.now - killed < .seconds(5))
      try await queue.awaitSuccess(ids)
      #expect(try await queue.acceptances(of: ids).values.allSatisfy { $0 == 1 })
      #expect(heir.terminate() == 0)
    }
  }

  @Test("A worker that was frozen and given up finds its late settles refused, and works again")
  func stopAndContinue() async throws {
    try await withStepQueue { queue, configuration in
      let frozen = try WorkerProcess(configuration, slots: 4)
      let ids = try await queue.enqueue(4, milliseconds: 1500)
      try await queue.wait(.seconds(20), for: "the jobs to start") {
        try await queue.starts(of: frozen) == 4
      }
      frozen.send(SIGSTOP)
      try await queue.wait(.seconds(20), for: "a stale heartbeat and the rescue") {
        try await queue.connection.query("select ong.rescue_lost('5 s', '2 s')")[0, 0]
          .decode(Int32.self) == 4
      }
      let heir = try WorkerProcess(configuration, slots: 4)
      try await queue.awaitSuccess(ids)
      frozen.send(SIGCONT)
      try await queue.wait(.seconds(20), for: "the thawed worker to register again") {
        try await queue.count("select count(*) from ong.worker_status()") == 2
      }
      #expect(try await queue.acceptances(of: ids).values.allSatisfy { $0 == 1 })
      #expect(heir.terminate() == 0)
      let later = try await queue.enqueue(4, milliseconds: 10)
      try await queue.awaitSuccess(later)
      #expect(try await queue.starts(of: frozen) >= 8)
      #expect(frozen.terminate() == 0)
    }
  }

  @Test("A leader that is frozen is replaced within seconds, although its connection stays")
  func frozenLeader() async throws {
    try await withStepQueue { queue, configuration in
      let leader = try WorkerProcess(configuration)
      try await queue.wait(.seconds(20), for: "the first worker to lead") {
        try await queue.count(
          """
          select count(*) from pg_locks join pg_stat_activity using (pid)
          where locktype = 'advisory' and granted and application_name = 'ong worker maintain'
          """) == 1
      }
      let heir = try WorkerProcess(configuration)
      try await queue.wait(.seconds(20), for: "the heir to register") {
        try await queue.count("select count(*) from ong.worker_status()") == 2
      }
      leader.send(SIGSTOP)
      // Only a leader promotes what is due.
      let id = try await queue.connection.query(
        """
        select ong.enqueue('steps', 'step', '{"milliseconds": 0}', 2::smallint,
          clock_timestamp() + interval '1 second')
        """)[0, 0].decode(Int64.self)
      try await queue.awaitSuccess([id], within: .seconds(20))
      leader.send(SIGCONT)
      #expect(heir.terminate() == 0)
      #expect(leader.terminate() == 0)
    }
  }

  /// The server's process of the session that leads the maintenance.
  private func leadingSession(_ queue: StepQueue) async throws -> Int32 {
    try await queue.connection.query(
      """
      select pid from pg_locks where locktype = 'advisory' and granted
        and (classid::bigint << 32) | objid::bigint = hashtextextended('lead:', hashtext('ong'))
      """)[0, 0].decode()
  }

  @Test("A deputy rescues whoever dies on its host while the leader is frozen")
  func deputy() async throws {
    try await withStepQueue { queue, configuration in
      func register(_ number: Int64) async throws -> WorkerProcess {
        let worker = try WorkerProcess(configuration, slots: 4)
        try await queue.wait(.seconds(20), for: "worker \(number) to register") {
          try await queue.count("select count(*) from ong.worker_status()") == number
        }
        try await queue.wait(.seconds(20), for: "worker \(number) to stand for leader") {
          try await queue.count(
            """
            select count(distinct pid) from pg_stat_activity
            where application_name = 'ong worker maintain' and query ~ 'try_lead|maintenance_due'
            """) == number
        }
        return worker
      }
      let leader = try await register(1)
      let deputy = try await register(2)
      let victim = try await register(3)
      let session = try await leadingSession(queue)
      // None of the other two takes a job that the victim shall hold.
      leader.send(SIGSTOP)
      deputy.send(SIGSTOP)
      let ids = try await queue.enqueue(4, milliseconds: 3000)
      try await queue.wait(.seconds(20), for: "the victim to start the jobs") {
        try await queue.starts(of: victim) == 4
      }
      deputy.send(SIGCONT)
      victim.send(SIGKILL)
      try await queue.wait(.seconds(20), for: "the rescue") {
        try await queue.count("select count(*) from ong.job_event where event = 'crashed'") == 4
      }
      // The frozen leader still leads: its session has not been silent for long enough.
      #expect(try await leadingSession(queue) == session)
      leader.send(SIGCONT)
      try await queue.awaitSuccess(ids)
      #expect(deputy.terminate() == 0)
      #expect(leader.terminate() == 0)
    }
  }

  @Test(
    "A worker that is frozen while the server sends it a claim holds up its queue no longer than it"
  )
  func frozenClaim() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let queue = try await StepQueue(database.configuration)
      try await enqueueTooMuchForASocket(queue)
      let frozen = try claimSilently(database)
      try await awaitSilentClaim(queue)
      let heir = try WorkerProcess(database.configuration)
      try await queue.wait(.seconds(20), for: "the heir to register") {
        try await queue.count("select count(*) from ong.worker_status()") == 2
      }
      try await queue.connection.query("select ong.rescue_lost('5 s', '1 s')")
      try await queue.wait(.seconds(30), for: "the jobs to run elsewhere") {
        try await queue.starts(of: heir) == 40
      }
      #expect(heir.terminate() == 0)
      withExtendedLifetime(frozen) {}
    }
  }

  @Test(
    "A worker whose process has ended is rescued at once, although its connection is in a claim")
  func endedInClaim() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let queue = try await StepQueue(database.configuration)
      let heir = try WorkerProcess(database.configuration)
      try await queue.wait(.seconds(20), for: "the heir to register") {
        try await queue.count("select count(*) from ong.worker_status()") == 1
      }
      let space = try await queue.connection.query("select process_space from ong.worker")[0, 0]
        .decode(String.self)
      heir.send(SIGSTOP)
      try await enqueueTooMuchForASocket(queue)
      // No process has this number.
      let silent = try claimSilently(database, process: .max, in: space)
      try await awaitSilentClaim(queue)
      heir.send(SIGCONT)
      // A stale heartbeat would take 15 s.
      try await queue.wait(.seconds(12), for: "the jobs to run elsewhere") {
        try await queue.starts(of: heir) == 40
      }
      #expect(heir.terminate() == 0)
      withExtendedLifetime(silent) {}
    }
  }

  /// More than a socket takes, so that its claim cannot end before somebody reads.
  private func enqueueTooMuchForASocket(_ queue: StepQueue) async throws {
    try await queue.connection.query(
      """
      select ong.enqueue_many('steps', 'step', array_fill(jsonb_build_object(
        'milliseconds', 0, 'padding', repeat('x', 64000)), array[40]))
      """)
  }

  /// Registers a worker that claims and reads no answer.
  private func claimSilently(
    _ database: TestDatabase, process: Int32 = 1, in space: String? = nil
  ) throws -> SilentClient {
    let client = try SilentClient(
      socketFolder: database.cluster.server.location + "/socket", database: database.name)
    let epoch = UUID()
    client.ask(
      """
      select ong.register_worker('\(epoch)', 'elsewhere', \(process), 't', 4, array['steps'],
        array['step'], p_process_space => \(space.map { "'\($0)'" } ?? "null"));
      commit; select * from ong.claim('\(epoch)', 1, 'steps', 40)
      """)
    return client
  }

  private func awaitSilentClaim(_ queue: StepQueue) async throws {
    try await queue.wait(.seconds(20), for: "the server to wait for the client") {
      try await queue.count(
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event = 'ClientWrite'
        """) == 1
    }
  }

  @Test("A shutdown hands running jobs back with their attempt, and nothing is lost")
  func shutdown() async throws {
    try await withStepQueue { queue, configuration in
      let leaver = try WorkerProcess(configuration, slots: 2)
      let ids = try await queue.enqueue(2, milliseconds: 60_000)
      try await queue.wait(.seconds(20), for: "the jobs to start") {
        try await queue.starts(of: leaver) == 2
      }
      #expect(leaver.terminate() == 0)
      #expect(try await queue.count(ids, inState: "waiting") == 2)
      #expect(
        try await queue.count("select count(*) from ong.find_jobs() where attempt <> 1") == 0)
      #expect(
        try await queue.count("select count(*) from ong.job_event where event = 'handed_back'") == 2
      )
    }
  }

  @Test("A server that crashes and restarts loses no job, and the worker goes on by itself")
  func serverCrash() async throws {
    let cluster = try await TestCluster.start()
    try await TestDatabase.withDatabase(template: .queue, on: cluster) { database in
      let queue = try await StepQueue(database.configuration)
      let ids = try await queue.enqueue(300, milliseconds: 20)
      let worker = try WorkerProcess(database.configuration, slots: 4)
      try await queue.wait(.seconds(20), for: "the worker to start jobs") {
        try await queue.starts(of: worker) >= 20
      }
      try await cluster.server.restart(immediately: true)
      let after = try await StepQueue(database.configuration)
      try await after.awaitSuccess(ids)
      #expect(try await after.acceptances(of: ids).values.allSatisfy { $0 == 1 })
      #expect(worker.isRunning)
      #expect(worker.terminate() == 0)
    }
  }
}

private func withStepQueue(
  _ body: (StepQueue, ConnectionConfiguration) async throws -> Void
) async throws {
  try await TestDatabase.withDatabase(template: .queue) { database in
    try await body(try await StepQueue(database.configuration), database.configuration)
  }
}
