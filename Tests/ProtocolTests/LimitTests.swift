import Foundation
import LibpqClient
import Testing

/// Limits on running jobs of a queue, derived from its claims.
@Suite("Limits")
struct LimitTests {
  @Test("No more jobs run than the limit, over all workers; a settle makes room, part by part")
  func maxRunning() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let (first, second) = (try await one.register(), try await two.register())
      try await one.setLimits(#"{"max_running": 5}"#)
      for priority: Int16 in [0, 1, 2, 3] { try await one.enqueueMany(10, priority: priority) }
      let three = try await one.claim(first, limit: 3)
      #expect(three.count == 3)
      #expect(try await two.claim(second).count == 2)
      #expect(try await two.claim(second).isEmpty)
      try await one.settle(first, three[0], ids: [three[1].id], isFinal: false)
      #expect(try await two.claim(second).count == 1)
      try await one.settle(first, three[0], ids: [three[0].id, three[2].id])
      #expect(try await one.claim(first).count == 2)
      #expect(try await one.claim(first).isEmpty)
    }
  }

  @Test("What was claimed before there was a limit counts")
  func limitAfterClaims() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.enqueueMany(10)
      let old = try await session.claim(epoch, limit: 4)
      try await session.setLimits(#"{"max_running": 5}"#)
      #expect(try await session.claim(epoch).count == 1)
      try await session.settle(epoch, old[0])
      #expect(try await session.claim(epoch).count == 4)
    }
  }

  @Test("A rescue and a retirement give the room back with the jobs")
  func crash() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.setLimits(#"{"max_running": 3}"#)
      try await session.enqueueMany(3)
      for end in ["rescue($1)", "retire_worker($1, 1)"] {
        let epoch = try await session.register()
        #expect(try await session.claim(epoch).count == 3)
        try await session.connection.query("select \(end)", [epoch])
      }
      let epoch = try await session.register()
      #expect(try await session.claim(epoch).count == 3)
    }
  }

  @Test("A claim that was rolled back takes no room")
  func rollback() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(
        #"{"max_running": 3, "rate": {"count": 3, "per_seconds": 86400}}"#)
      try await session.enqueueMany(5)
      try await session.run("begin")
      #expect(try await session.claim(epoch).count == 3)
      try await session.run("rollback")
      #expect(try await session.claim(epoch).count == 3)
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("Two claims at once do not exceed the limit: the second waits for the first and sees it")
  func race() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let watcher = try await Session(configuration)
      let (first, second) = (try await one.register(), try await two.register())
      try await one.setLimits(
        #"{"max_running": 3, "rate": {"count": 3, "per_seconds": 86400}}"#)
      try await one.enqueueMany(10)
      try await one.run("begin")
      #expect(try await one.claim(first, limit: 2).count == 2)
      async let other = two.claim(second)
      try await watcher.awaitBlocked(two)
      try await one.run("commit")
      #expect(try await other.count == 1)
    }
  }

  @Test("A limit is changed while jobs run: less lets them end, more is there at once")
  func changed() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"max_running": 4}"#)
      try await session.enqueueMany(20)
      let four = try await session.claim(epoch)
      try await session.setLimits(#"{"max_running": 2}"#)
      try await session.settle(epoch, four[0], ids: [four[0].id, four[1].id], isFinal: false)
      #expect(try await session.claim(epoch).isEmpty)
      try await session.setLimits(#"{"max_running": 6}"#)
      #expect(try await session.claim(epoch).count == 4)
      try await session.setLimits(#"{"max_running": null}"#)
      #expect(try await session.claim(epoch).count == 12)
    }
  }

  @Test("Running jobs are counted through rotations of the whole ring")
  func rotation() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"max_running": 5}"#)
      try await session.enqueueMany(20)
      let three = try await session.claim(epoch, limit: 3)
      for turn in 0..<6 {
        try await session.run("select rotate()")
        #expect(try await session.claim(epoch, limit: 3).count == (turn == 0 ? 2 : 0))
      }
      try await session.settle(epoch, three[0])
      #expect(try await session.claim(epoch).count == 3)
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("With work in all bands each has its share of the claims, whatever else a claim takes")
  func bands() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      for priority: Int16 in [0, 1, 2, 3] { try await session.enqueueMany(700, priority: priority) }
      var firsts: [Int32: Int] = [:]
      for _ in 0..<160 {
        let lane = try await session.claim(epoch, limit: 1)[0].lane
        firsts[lane % 4, default: 0] += 1
      }
      #expect(firsts == [0: 110, 1: 20, 2: 20, 3: 10])
      // An urgent job a claim, and room for more: every claim takes from two bands.
      var low = 0
      try await session.run("select set_limits('q', '{}')")
      while try await session.claim(epoch, limit: 1000).count == 1000 {}
      for priority: Int16 in [1, 2, 3] { try await session.enqueueMany(700, priority: priority) }
      for _ in 0..<160 {
        try await session.enqueue(priority: 0)
        low += try await session.claim(epoch, limit: 2).filter { $0.lane % 4 == 3 }.count
      }
      #expect(low == 20)
    }
  }

  @Test(
    "Limits that mean nothing are refused",
    arguments: [
      "null", "3", "[]", #"{"max_running": 0}"#, #"{"max_running": -1}"#, #"{"max_running": 1.5}"#,
      #"{"max_running": "NaN"}"#, #"{"max_running": 1e400}"#, #"{"maxRunning": 3}"#,
      #"{"rate": 5}"#, #"{"rate": {"count": 5}}"#, #"{"rate": {"count": 0, "per_seconds": 1}}"#,
      #"{"rate": {"count": 1, "per_seconds": 0}}"#, #"{"rate": {"count": 1, "per_seconds": -1}}"#,
      #"{"rate": {"count": 1, "per_seconds": 1, "burst": 0}}"#,
      #"{"rate": {"count": 1, "per_seconds": 1, "unit": 3}}"#, #"{"key_order": "lifo"}"#,
      #"{"key_max_running": 0}"#, #"{"key_rate": {"count": 1, "per_seconds": "NaN"}}"#,
    ])
  func badInput(_ limits: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.setLimits(#"{"max_running": 7}"#)
      #expect(try await sqlState { try await session.setLimits(JSONText(limits)) } == "OG006")
      #expect(try await session.value("select queue_limits('q')::text") == #"{"max_running": 7}"#)
    }
  }
}

extension Session {
  func setLimits(_ limits: JSONText, queue: String = "q") async throws {
    try await connection.query("select set_limits($1, $2)", [queue, limits])
  }

  @discardableResult
  func enqueueMany(_ count: Int32, queue: String = "q", priority: Int16 = 2) async throws -> [Int64]
  {
    try await connection.query(
      "select enqueue_many($1, 'k', array_fill('{}'::jsonb, array[$2::int]), $3)",
      [queue, count, priority]
    ).map { try $0[0].decode(Int64.self) }
  }
}
