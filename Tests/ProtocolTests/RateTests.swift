import Foundation
import LibpqClient
import Testing

/// Token buckets of a queue. Time passes by making the newest claims older.
@Suite("Rates")
struct RateTests {
  @Test("A full bucket gives its burst; it refills with time and never beyond the burst")
  func bucket() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"rate": {"count": 2, "per_seconds": 3600, "burst": 5}}"#)
      try await session.enqueueMany(30)
      #expect(try await session.claim(epoch, limit: 3).count == 3)
      #expect(try await session.claim(epoch).count == 2)
      #expect(try await session.claim(epoch).isEmpty)
      try await session.pass(minutes: 29)
      #expect(try await session.claim(epoch).isEmpty)
      try await session.pass(minutes: 1)
      #expect(try await session.claim(epoch).count == 1)
      try await session.pass(minutes: 60 * 24)
      #expect(try await session.claim(epoch).count == 5)
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("A job takes as many tokens as it costs, and one that costs more than the bucket all of it")
  func cost() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"rate": {"count": 1, "per_seconds": 60, "burst": 10}}"#)
      let costs = ["4", "2.5", "7", #""much""#, "1000", "-5"]
      var ids: [Int64] = []
      for cost in costs {
        ids.append(
          try await session.value(
            "select enqueue('q', 'k', p_meta => jsonb_build_object('cost', $1::jsonb))",
            [JSONText(cost)]))
      }
      // A low job that would be cheap enough does not overtake the one that waits.
      try await session.enqueue(priority: 3)
      #expect(try await session.claim(epoch).map(\.id) == [ids[0], ids[1]])  // 4 + 3
      #expect(try await session.claim(epoch).isEmpty)
      try await session.pass(minutes: 4)
      #expect(try await session.claim(epoch).map(\.id) == [ids[2]])
      try await session.pass(minutes: 1)
      #expect(try await session.claim(epoch).map(\.id) == [ids[3]])
      try await session.pass(minutes: 9)
      #expect(try await session.claim(epoch).isEmpty)
      try await session.pass(minutes: 1)
      #expect(try await session.claim(epoch).map(\.id) == [ids[4]])
      try await session.pass(minutes: 2)
      #expect(try await session.claim(epoch).count == 2)
    }
  }

  @Test("A job that was cancelled before its start costs nothing")
  func cancelled() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"rate": {"count": 3, "per_seconds": 86400}}"#)
      let ids = try await session.enqueueMany(5)
      for id in ids.prefix(2) { try await session.connection.query("select cancel_job($1)", [id]) }
      #expect(
        try await session.claim(epoch).map(\.id) + session.claim(epoch).map(\.id)
          == Array(ids.suffix(3)))
      try await session.enqueue()
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("Neither rotation nor a rescue nor a change of the rate fills the bucket")
  func kept() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"rate": {"count": 3, "per_seconds": 86400}}"#)
      try await session.enqueueMany(10)
      #expect(try await session.claim(epoch).count == 3)
      for _ in 0..<6 { try await session.run("select rotate()") }
      try await session.connection.query("select rescue($1)", [epoch])
      let next = try await session.register()
      #expect(try await session.claim(next).isEmpty)
      try await session.setLimits(
        #"{"rate": {"count": 3, "per_seconds": 86400, "burst": 5}}"#)
      #expect(try await session.claim(next).count == 2)
    }
  }
}

extension Session {
  /// Moves what buckets remember into the past.
  func pass(minutes: Int) async throws {
    try await run("update claim set spent_at = spent_at - interval '\(minutes) minutes'")
  }
}
