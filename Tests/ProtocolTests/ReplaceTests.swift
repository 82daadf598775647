import Foundation
import LibpqClient
import Testing

/// Debounce: what becomes of a job that a later enqueue replaces, in each of its states.
@Suite("Replacing a unique job")
struct ReplaceTests {
  typealias Scope = UniqueTests.Scope

  private func payload(_ session: Session, _ epoch: UUID) async throws -> (id: Int64, text: String)?
  {
    let rows = try await session.connection.query(
      "select id, payload::text from claim($1, 1, 'q', 10)", [epoch])
    return try rows.first.map { (try $0[0].decode(), try $0[1].decode()) }
  }

  @Test("A job in the log runs once, with the last payload", arguments: Scope.allCases)
  func inTheLog(_ scope: Scope) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(scope, payload: "1")
      for number in 2...4 {
        let again = try await session.unique(
          scope, payload: JSONText("\(number)"), onConflict: "replace")
        #expect(again == id)
      }
      // The old row is withheld, the new one comes with the next claim.
      #expect(try await payload(session, epoch) == nil)
      #expect(try await session.state(of: id) == "waiting")
      let got = try #require(try await payload(session, epoch))
      #expect(got == (id, "4"))
      #expect(try await payload(session, epoch) == nil)
    }
  }

  @Test("A job in the log may be put off", arguments: Scope.allCases)
  func putOff(_ scope: Scope) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(scope, payload: "1")
      try await session.unique(
        scope, payload: "2", onConflict: "replace", runAt: .distantFuture)
      #expect(try await payload(session, epoch) == nil)
      #expect(try await session.state(of: id) == "scheduled")
      try await session.unique(scope, payload: "3", onConflict: "replace")
      try await session.run("select promote_due()")
      #expect(try #require(try await payload(session, epoch)) == (id, "3"))
    }
  }

  @Test(
    "A job that waits for its next attempt starts again at the first", arguments: ["retry", "park"])
  func returning(_ outcome: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(.settled, payload: "1")
      let job = try await session.claim(epoch)[0]
      try await session.settle(
        epoch, job, ids: [id],
        outcomes: JSONText(#"[{"id": \#(id), "outcome": "\#(outcome)", "delay_ms": 3600000}]"#))
      #expect(try await session.unique(.settled, payload: "2", onConflict: "replace") == id)
      try await session.run("select promote_due(); select unpark_known()")
      var got = try await payload(session, epoch)
      if got == nil { got = try await payload(session, epoch) }
      #expect(try #require(got) == (id, "2"))
      let attempt: Int16 = try await session.value(
        "select attempt from job where id = $1 order by xid desc limit 1", [id])
      #expect(attempt == 1)
    }
  }

  @Test(
    "A replacement outlives the window in which it came, whoever takes the key then",
    arguments: [true, false])
  func windowOver(_ isTaken: Bool) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(.window, payload: "1", window: "1 hour")
      #expect(
        try await session.unique(.window, payload: "2", onConflict: "replace", window: "1 hour")
          == id)
      try await session.run(
        "update unique_key set held_until = clock_timestamp() - interval '1 second'; select prune()"
      )
      var other: Int64?
      if isTaken { other = try await session.unique(.window, payload: "3", window: "1 hour") }
      #expect(other != id)
      var got: [Int64: String] = [:]
      for _ in 0..<3 {
        for row in try await session.connection.query(
          "select id, payload::text from claim($1, 1, 'q', 10)", [epoch])
        {
          got[try row[0].decode()] = try row[1].decode(String.self)
        }
      }
      #expect(got[id] == "2")
      #expect(got.count == (isTaken ? 2 : 1))
      try await session.run("select prune()")
      let held: Int64 = try await session.value("select count(*) from unique_key")
      #expect(held == (isTaken ? 1 : 0))
    }
  }

  @Test(
    "A job that has started, or ended within its window, is kept as it is",
    arguments: [Scope.settled, .window])
  func started(_ scope: Scope) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(scope, payload: "1")
      let job = try await session.claim(epoch)[0]
      #expect(try await session.unique(scope, payload: "2", onConflict: "replace") == id)
      try await session.settle(epoch, job, ids: [id])
      if scope == .window {
        #expect(try await session.unique(scope, payload: "2", onConflict: "replace") == id)
      }
      #expect(try await payload(session, epoch) == nil)
      #expect(try await session.state(of: id) == "succeeded")
    }
  }

  @Test(
    "A job does not start with its old payload while a transaction that replaces it is open",
    arguments: Scope.allCases, [true, false])
  func race(_ scope: Scope, commits: Bool) async throws {
    try await withQueueDatabase { configuration in
      let (worker, producer) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await worker.register()
      let id = try await worker.unique(scope, payload: "1")
      try await producer.run("begin")
      try await producer.unique(scope, payload: "2", onConflict: "replace")
      #expect(try await payload(worker, epoch) == nil)
      try await producer.run(commits ? "commit" : "rollback")
      var got: (id: Int64, text: String)?
      while got == nil {
        try await worker.run("select promote_due()")
        got = try await payload(worker, epoch)
      }
      #expect(try #require(got) == (id, commits ? "2" : "1"))
    }
  }

  @Test("A producer that comes while a claim takes the job waits, and then keeps the running job")
  func claimUnderWay() async throws {
    try await withQueueDatabase { configuration in
      let (worker, producer) = (try await Session(configuration), try await Session(configuration))
      let observer = try await Session(configuration)
      let epoch = try await worker.register()
      let id = try await worker.unique(.settled, payload: "1")
      try await worker.run("begin")
      let job = try await worker.claim(epoch)[0]
      try await producer.run("begin")
      async let kept = producer.unique(.settled, payload: "2", onConflict: "replace")
      try await observer.awaitBlocked(producer)
      try await worker.run("commit")
      #expect(try await kept == id)
      // The lock that it had waited for is gone again: the settle goes through.
      try await worker.run("set lock_timeout = '1s'")
      try await worker.settle(epoch, job, ids: [id])
      try await producer.run("commit")
      #expect(try await worker.state(of: id) == "succeeded")
    }
  }

  @Test("A cancelled job's replacement does not come to life")
  func cancelled() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(.settled, payload: "1")
      try await session.unique(.settled, payload: "2", onConflict: "replace")
      try await session.run("select cancel_job(\(id))")
      #expect(try await payload(session, epoch) == nil)
      #expect(try await payload(session, epoch) == nil)
      #expect(try await session.state(of: id) == "cancelled")
    }
  }
}
