import LibpqClient
import Testing

@Suite("Rotation")
struct RotationTests {
  @Test("What waits in great numbers is not carried: the ring stands still until it is worked off")
  func backlog() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run("update setting set rotate_bytes = 8192, rotate_carry = 150")
      for _ in 0..<3 {
        try await session.enqueueMany(100)
        #expect(try await rotated(session).hasPrefix("segment"))
      }
      // The next segment to be emptied holds a hundred waiting jobs: few enough to be carried.
      try await session.enqueueMany(100)
      #expect(try await rotated(session) == "segment 0: 100 jobs moved, 0 held")
      try await session.enqueueMany(100)
      #expect(try await rotated(session) == "segment 1: 100 jobs moved, 0 held")
      try await session.enqueueMany(100)
      try await session.run("update setting set rotate_carry = 99")
      #expect(try await rotated(session) == "behind")
      let seen = try await session.value("select count(*) from job", as: Int64.self)
      #expect(seen == 600)
      // One less in that segment, then none at all.
      var left = 600
      while left > 0 {
        let claimed = try await session.claim(epoch, limit: 1)
        try await session.settle(epoch, try #require(claimed.first))
        left -= 1
        if left == 499 { #expect(try await rotated(session) != "behind") }
      }
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  private func rotated(_ session: Session) async throws -> String {
    try await session.value("select rotate_if_due()")
  }
}
