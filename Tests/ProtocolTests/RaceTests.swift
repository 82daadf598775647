import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// Two sessions whose steps are interleaved by hand.
@Suite("Races")
struct RaceTests {
  @Test("A job whose transaction commits late is claimed after jobs with greater ids")
  func lateCommit() async throws {
    try await withQueueDatabase { configuration in
      let (late, other) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await other.register()
      try await late.run("begin")
      let first = try await late.enqueue()
      let second = try await other.enqueue()
      #expect(try await other.claim(epoch).map(\.id) == [second])
      try await late.run("commit")
      #expect(try await other.claim(epoch).map(\.id) == [first])
      #expect(try await other.claim(epoch).isEmpty)
    }
  }

  @Test("A long open writer does not hold back the jobs of others")
  func openWriter() async throws {
    try await withQueueDatabase { configuration in
      let (writer, other) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await other.register()
      try await writer.run("begin")
      let own = try await writer.enqueue()
      for _ in 0..<3 {
        let id = try await other.enqueue()
        #expect(try await other.claim(epoch).map(\.id) == [id])
      }
      try await writer.run("commit")
      #expect(try await other.claim(epoch).map(\.id) == [own])
    }
  }

  @Test("Who falls asleep is told whether an open transaction may have seen nobody asleep")
  func fallingAsleep() async throws {
    try await withQueueDatabase { configuration in
      let (writer, sleeper) = (try await Session(configuration), try await Session(configuration))
      let begin = "select sleep_begin('{q}')"
      try await writer.run("begin")
      try await writer.enqueue()
      let own = try await writer.value("select pg_current_xact_id()::text::bigint", as: Int64.self)
      #expect(try await sleeper.value(begin, as: Int64.self) > own)
      try await writer.run("commit")
      // The server may do something of its own.
      try await eventually("nothing is open") {
        try await sleeper.value(begin, as: Int64.self) == 0
      }
    }
  }

  @Test("Jobs of a savepoint that was rolled back are never handed out")
  func savepoint() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run("begin")
      let kept = try await session.enqueue()
      try await session.run("savepoint s")
      let undone = try await session.enqueue()
      try await session.run("rollback to s; commit")
      #expect(try await session.claim(epoch).map(\.id) == [kept])
      #expect(try await session.state(of: undone) == nil)
    }
  }

  @Test("A job enqueued after a claim in the claim's own transaction is not passed over")
  func ownTransaction() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run("begin")
      let first = try await session.enqueue()
      let own = try await session.claim(epoch).map(\.id)
      let second = try await session.enqueue()
      try await session.run("commit")
      let rest = try await session.claim(epoch).map(\.id)
      #expect((own + rest).sorted() == [first, second])
    }
  }

  @Test("A claim waits for another claim of the queue and continues where that one ended")
  func twoClaims() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let watcher = try await Session(configuration)
      let (firstEpoch, secondEpoch) = (try await one.register(), try await two.register())
      let ids = [try await one.enqueue(), try await one.enqueue()]
      try await one.run("begin")
      #expect(try await one.claim(firstEpoch, limit: 1).map(\.id) == [ids[0]])
      async let second = two.claim(secondEpoch, limit: 1)
      try await watcher.awaitBlocked(two)
      try await one.run("commit")
      #expect(try await second.map(\.id) == [ids[1]])
    }
  }

  @Test("A rescue waits for a settle under way, and finds its jobs settled")
  func rescueWaitsForSettle() async throws {
    try await withQueueDatabase { configuration in
      let (worker, janitor) = (try await Session(configuration), try await Session(configuration))
      let watcher = try await Session(configuration)
      let epoch = try await worker.register()
      let id = try await worker.enqueue()
      let job = try await worker.claim(epoch)[0]
      try await worker.run("begin")
      try await worker.settle(epoch, job)
      async let rescued: Int32 = janitor.value("select rescue($1)", [epoch])
      try await watcher.awaitBlocked(janitor)
      try await worker.run("commit")
      #expect(try await rescued == 0)
      #expect(try await worker.state(of: id) == "succeeded")
    }
  }

  @Test("After a rescue nothing of the worker is accepted: neither claim nor settle nor heartbeat")
  func fence() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.enqueue()
      let job = try await session.claim(epoch)[0]
      #expect(try await session.value("select rescue($1)", [epoch], as: Int32.self) == 1)
      #expect(try await sqlState { try await session.settle(epoch, job) } == "OG001")
      #expect(try await sqlState { _ = try await session.claim(epoch) } == "OG001")
      #expect(
        try await sqlState {
          try await session.connection.query("select heartbeat($1, 1, 0)", [epoch])
        } == "OG001")
      #expect(try await session.value("select rescue($1)", [epoch], as: Int32.self) == 0)
    }
  }

  @Test("After a reconnect the old session's settle is refused and the open jobs are known")
  func replacedSession() async throws {
    try await withQueueDatabase { configuration in
      let (old, new) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await old.register()
      let id = try await old.enqueue()
      let job = try await old.claim(epoch)[0]
      #expect(try await new.value("select confirm_worker($1)", [epoch], as: Int32.self) == 2)
      #expect(try await sqlState { try await old.settle(epoch, job) } == "OG003")
      let open = try await new.connection.query("select id from open_jobs($1, 2)", [epoch])
      #expect(try open.map { try $0[0].decode(Int64.self) } == [id])
      try await new.settle(epoch, job, session: 2)
      #expect(try await new.state(of: id) == "succeeded")
    }
  }

  @Test("A registration whose answer was lost is made again, unless the worker is dead meanwhile")
  func registeredTwice() async throws {
    try await withQueueDatabase { configuration in
      let (old, new) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await old.register()
      let again = "select register_worker($1, 'host', 1, 'test', 4, array['default'], array['k'])"
      #expect(try await new.value(again, [epoch], as: Int32.self) == 2)
      #expect(try await sqlState { _ = try await old.claim(epoch) } == "OG003")
      try await new.connection.query("select rescue($1)", [epoch])
      #expect(
        try await sqlState { _ = try await new.value(again, [epoch], as: Int32.self) } == "OG001")
    }
  }

  @Test("A claim's jobs are settled once: whole, in parts, and after rotation held them")
  func settledOnce() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      for _ in 0..<4 { try await session.enqueue() }
      let jobs = try await session.claim(epoch)
      let ids = jobs.map(\.id)
      try await session.settle(epoch, jobs[0], ids: [ids[0]], isFinal: false)
      #expect(
        try await sqlState {
          try await session.settle(epoch, jobs[0], ids: [ids[0], ids[1]], isFinal: false)
        } == "OG002")
      for _ in 0..<4 {
        #expect(try await session.value("select rotate()", as: String.self) != "busy")
      }
      try await session.settle(epoch, jobs[0], ids: [ids[1]], isFinal: false)
      #expect(
        try await sqlState {
          try await session.settle(epoch, jobs[0], ids: [ids[1]], isFinal: false)
        } == "OG002")
      try await session.settle(epoch, jobs[0], ids: Array(ids[2...]), isFinal: true)
      try await session.settle(epoch, jobs[0], ids: [], isFinal: true)
      #expect(try await sqlState { try await session.settle(epoch, jobs[0]) } == "OG002")
    }
  }

  @Test("A final settle that leaves jobs open is refused")
  func finalSettleLeavesNothing() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      for _ in 0..<3 { try await session.enqueue() }
      let jobs = try await session.claim(epoch)
      let ids = jobs.map(\.id)
      #expect(
        try await sqlState { try await session.settle(epoch, jobs[0], ids: [ids[0]]) } == "OG002")
      try await session.settle(epoch, jobs[0], ids: [ids[0]], isFinal: false)
      #expect(try await sqlState { try await session.settle(epoch, jobs[0], ids: []) } == "OG002")
      for _ in 0..<4 { try await session.run("select rotate()") }
      #expect(
        try await sqlState { try await session.settle(epoch, jobs[0], ids: [ids[1]]) } == "OG002")
      try await session.settle(epoch, jobs[0], ids: [ids[1], ids[2]])
      #expect(try await session.state(of: ids[2]) == nil)
    }
  }

  @Test("A settle during a rotation waits for it and finds its jobs held")
  func settleDuringRotation() async throws {
    try await withQueueDatabase { configuration in
      let outcome = try await outcomeOfSettleDuringRotation(configuration)
      #expect(outcome == "accepted, 0 held")
    }
  }

  /// The rotation empties the segment of the job, whose claim lies in a later one.
  private func outcomeOfSettleDuringRotation(
    _ configuration: ConnectionConfiguration
  ) async throws -> String {
    let (worker, rotator) = (try await Session(configuration), try await Session(configuration))
    let watcher = try await Session(configuration)
    let epoch = try await worker.register()
    try await worker.enqueue()
    for _ in 0..<3 { try await rotator.run("select rotate()") }
    let job = try await worker.claim(epoch)[0]
    try await rotator.run("begin; select rotate()")
    async let refusal = sqlState { try await worker.settle(epoch, job) }
    try await watcher.awaitBlocked(worker)
    try await rotator.run("commit")
    let verdict = try await refusal ?? "accepted"
    let held: Int64 = try await rotator.value("select count(*) from held")
    return "\(verdict), \(held) held"
  }

  @Test("Rotation gives way to a transaction that still writes in the segment")
  func rotationGivesWay() async throws {
    try await withQueueDatabase { configuration in
      let (writer, rotator) = (try await Session(configuration), try await Session(configuration))
      _ = try await rotator.register()
      try await writer.run("begin")
      let id = try await writer.enqueue()
      for _ in 0..<3 {
        #expect(try await rotator.value("select rotate()", as: String.self) != "busy")
      }
      #expect(try await rotator.value("select rotate()", as: String.self) == "busy")
      try await writer.run("commit")
      #expect(try await rotator.value("select rotate()", as: String.self) != "busy")
      #expect(try await rotator.state(of: id) == "waiting")
    }
  }

  @Test("A unique job does not start before a producer that relied on it has committed")
  func uniqueWaitsForProducer() async throws {
    try await withQueueDatabase { configuration in
      let (producer, worker) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await worker.register()
      let id = try await worker.enqueue(uniqueKey: "bloc")
      try await producer.run("begin")
      #expect(try await producer.enqueue(uniqueKey: "bloc") == id)
      #expect(try await worker.claim(epoch).isEmpty)
      #expect(try await worker.state(of: id) == "scheduled")
      try await producer.run("commit")
      try await worker.run("update deferred set run_at = now()")
      try await worker.run("select promote_due()")
      #expect(try await worker.claim(epoch).map(\.id) == [id])
      // Running now: the key is free for exactly one follower.
      let follower = try await worker.enqueue(uniqueKey: "bloc")
      #expect(follower != id)
      #expect(try await worker.enqueue(uniqueKey: "bloc") == follower)
    }
  }

  @Test("Claim, settle, rescue and rotate refuse a transaction with an old snapshot")
  func isolation() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      for call in [
        "select claim('\(epoch)', 1, 'q', 1)", "select settle('\(epoch)', 1, 1, 1, null, true)",
        "select rescue('\(epoch)')", "select rotate()",
      ] {
        try await session.run("begin isolation level repeatable read")
        #expect(try await sqlState { try await session.run(call) } == "OG008", "\(call)")
        try await session.run("rollback")
      }
    }
  }

  @Test("Two workers that confirm and a third that rescues leave one owner of each job")
  func crashCounts() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.enqueue()
      for crashes in 0..<3 {
        let epoch = try await session.register()
        let jobs = try await session.claim(epoch)
        #expect(jobs.map(\.crashes) == [Int16(crashes)])
        try await session.connection.query("select rescue($1)", [epoch])
      }
      #expect(try await session.state(of: id) == "dead")
    }
  }
}
