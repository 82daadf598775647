import Foundation
import LibpqClient
import Testing

/// Unique keys: who holds one, from when to when, whatever else happens at the same time.
@Suite("Unique keys")
struct UniqueTests {
  enum Scope: String, CaseIterable, CustomTestStringConvertible {
    case waiting, settled, window

    var testDescription: String { rawValue }
    /// The longest that a key is held where a test's job has long ended.
    var window: String? { self == .window ? "1 hour" : nil }
  }

  @Test("A key is held while its scope lasts, and no longer", arguments: Scope.allCases)
  func held(_ scope: Scope) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let first = try await session.unique(scope)
      #expect(try await session.unique(scope) == first)
      let jobs = try await session.claim(epoch)
      #expect(jobs.map(\.id) == [first])
      let afterClaim = try await session.unique(scope)
      #expect((afterClaim == first) == (scope != .waiting))
      try await session.settle(epoch, jobs[0], ids: [first])
      let afterEnd = try await session.unique(scope)
      switch scope {
      case .waiting: #expect(afterEnd == afterClaim)
      case .settled: #expect(afterEnd != first)
      case .window: #expect(afterEnd == first)
      }
    }
  }

  @Test("A window that is over is taken over in place, and forgotten by and by")
  func window() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let first = try await session.unique(.window, window: "1 millisecond")
      var second = first
      while second == first { second = try await session.unique(.window, window: "1 millisecond") }
      #expect(try await session.value("select count(*) from unique_key") == Int64(1))
      #expect(try await session.state(of: first) == "waiting")
      try await session.run("select pg_sleep(0.002); select prune()")
      #expect(try await session.value("select count(*) from unique_key") == Int64(0))
    }
  }

  @Test(
    "Whoever enqueues under a key that an open transaction takes waits for its end",
    arguments: Scope.allCases, [true, false])
  func openTransaction(_ scope: Scope, commits: Bool) async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let observer = try await Session(configuration)
      try await one.run("begin")
      let first = try await one.unique(scope)
      async let second = two.unique(scope)
      try await observer.awaitBlocked(two)
      try await one.run(commits ? "commit" : "rollback")
      let other = try await second
      #expect((other == first) == commits)
      #expect(try await observer.state(of: other) == "waiting")
      if !commits { #expect(try await observer.state(of: first) == nil) }
    }
  }

  @Test("Many at once get one job under a key", arguments: Scope.allCases)
  func concurrent(_ scope: Scope) async throws {
    try await withQueueDatabase { configuration in
      let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
        for _ in 0..<8 {
          group.addTask {
            let session = try await Session(configuration)
            var ids: [Int64] = []
            for _ in 0..<20 { ids.append(try await session.unique(scope)) }
            await session.connection.close()
            return ids
          }
        }
        return try await group.reduce(into: Set<Int64>()) { $0.formUnion($1) }
      }
      #expect(ids.count == 1)
      let session = try await Session(configuration)
      #expect(try await session.value("select count(*) from job") == Int64(1))
    }
  }

  @Test(
    "A crash frees a key that is held while waiting; one until settled goes on to the next attempt")
  func crash() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let lost = try await session.register()
      let waiting = try await session.unique(.waiting, key: "w")
      let settled = try await session.unique(.settled, key: "s")
      #expect(try await session.claim(lost).count == 2)
      #expect(try await session.value("select rescue($1)", [lost]) == Int32(2))
      #expect(try await session.unique(.waiting, key: "w") != waiting)
      #expect(try await session.unique(.settled, key: "s") == settled)
      let epoch = try await session.register()
      let again = try await session.claim(epoch)
      #expect(try await session.unique(.settled, key: "s") == settled)
      try await session.settle(epoch, again[0], ids: again.map(\.id))
      #expect(try await session.unique(.settled, key: "s") != settled)
    }
  }

  @Test(
    "A job keeps its key through what brings it back, and gives it back where it ends",
    arguments: [
      ("retry", false), ("snooze", false), ("hand_back", false), ("park", false), ("dead", true),
      ("discard", true), ("cancel", true), ("expire", true),
    ])
  func outcomes(_ outcome: String, ends: Bool) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(.settled)
      let job = try await session.claim(epoch)[0]
      try await session.settle(
        epoch, job, ids: [id],
        outcomes: JSONText(#"[{"id": \#(id), "outcome": "\#(outcome)", "delay_ms": 0}]"#))
      #expect(try await session.unique(.settled) != id || !ends)
      #expect(try await session.unique(.settled) == id || ends)
      guard !ends else { return }
      try await session.run("select promote_due(); select unpark_known()")
      let again = try #require(try await session.claim(epoch).first)
      #expect(try await session.unique(.settled) == id)
      try await session.settle(epoch, again, ids: [id])
      #expect(try await session.unique(.settled) != id)
    }
  }

  @Test("A third crash buries the job and frees its key")
  func buried() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.unique(.settled)
      for _ in 0..<3 {
        let epoch = try await session.register()
        #expect(try await session.claim(epoch).map(\.id) == [id])
        try await session.run("select rescue('\(epoch)')")
      }
      #expect(try await session.state(of: id) == "dead")
      #expect(try await session.unique(.settled) != id)
    }
  }

  enum Place: CaseIterable { case log, deferred, parked, running }

  @Test(
    "Cancelling gives the key back, wherever the job is", arguments: Scope.allCases, Place.allCases)
  func cancel(_ scope: Scope, _ place: Place) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await session.unique(scope, runAt: place == .deferred ? .distantFuture : nil)
      if place == .running || place == .parked {
        let job = try await session.claim(epoch)[0]
        let outcome = place == .parked ? "park" : "cancel"
        try await session.settle(
          epoch, job, ids: [id], outcomes: JSONText(#"[{"id": \#(id), "outcome": "\#(outcome)"}]"#))
      }
      if place != .running {
        #expect(try await session.value("select cancel_job($1)", [id]) == "cancelled")
      }
      #expect(try await session.unique(scope) != id)
      #expect(try await session.state(of: id) == "cancelled")
    }
  }

  @Test("A settle does not wait for producers that found or wanted to replace its running job")
  func settleDoesNotWait() async throws {
    try await withQueueDatabase { configuration in
      let (worker, producer) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await worker.register()
      let id = try await worker.unique(.settled)
      let job = try await worker.claim(epoch)[0]
      try await producer.run("begin")
      #expect(try await producer.unique(.settled) == id)
      #expect(try await producer.unique(.settled, onConflict: "replace") == id)
      try await worker.run("set lock_timeout = '1s'")
      try await worker.settle(epoch, job, ids: [id])
      try await producer.run("commit")
    }
  }

  @Test("A waiting key is shown in the job's story, with what will replace its job")
  func story() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await session.unique(.settled, payload: "1")
      try await session.unique(.settled, payload: "2", onConflict: "replace")
      let told: String = try await session.value(
        """
        select concat_ws(' ', u ->> 'scope', u ->> 'replaced', u -> 'replacement' ->> 'payload')
        from (select job_story($1) -> 'unique' u) t
        """, [id])
      #expect(told == "settled 1 2")
    }
  }
}

extension Session {
  @discardableResult
  func unique(
    _ scope: UniqueTests.Scope, key: String = "key", payload: JSONText = "{}",
    onConflict: String = "keep", runAt: Date? = nil, window: String? = nil
  ) async throws -> Int64 {
    try await value(
      """
      select enqueue('q', 'k', $1, p_unique_key => $2, p_on_conflict => $3, p_unique_scope => $4,
        p_unique_for => $5::text::interval, p_run_at => $6)
      """,
      [
        payload, key, onConflict, scope.rawValue, window ?? scope.window,
        runAt == .distantFuture ? Date(timeIntervalSinceNow: 3600) : runAt,
      ])
  }
}
