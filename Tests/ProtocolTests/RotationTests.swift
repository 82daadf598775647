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

  @Test("Who reads the segment has it put off, and is not waited for in line")
  func reader() async throws {
    try await withQueueDatabase { configuration in
      let (reader, session) = (try await Session(configuration), try await Session(configuration))
      try await reader.run("begin; select count(*) from claim_1")
      #expect(try await session.value("select rotate()", as: String.self) == "busy")
      // A table that the rotation had got before it met the reader is free again.
      try await reader.run("select count(*) from job_1; rollback")
      #expect(try await session.value("select rotate()", as: String.self).hasPrefix("segment 1"))
    }
  }

  @Test("Thousands of jobs that rotation holds are handed back within seconds")
  func handBack() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.enqueueMany(2500)
      let jobs = try await session.claim(epoch, limit: 2500)
      #expect(jobs.count == 2500)
      for _ in 0..<4 {
        #expect(try await session.value("select rotate()", as: String.self).hasPrefix("segment"))
      }
      #expect(try await session.value("select count(*) from held", as: Int64.self) == 2500)
      let outcomes = jobs.map { "{\"id\": \($0.id), \"outcome\": \"hand_back\"}" }
      // A quarter of a second; where the cost grew with the cube of their number, half a minute.
      try await session.run("set statement_timeout = '10s'")
      try await session.settle(
        epoch, jobs[0], ids: jobs.map(\.id),
        outcomes: JSONText("[" + outcomes.joined(separator: ",") + "]"))
      #expect(try await session.claim(epoch, limit: 2500).count == 2500)
    }
  }

  @Test("A rotation that fails leaves single jobs in another segment: they are claimed from there")
  func failure() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.run("begin; select rotate(); rollback")
      let astray = try await session.enqueue()
      let segments = "select array_agg(segment order by id) from job"
      #expect(try await session.value(segments, as: [Int32].self) == [1])
      #expect(try await session.value("select rotation from maintenance_due()"))
      #expect(try await rotated(session) == "not due")
      #expect(try await session.value("select rotation from maintenance_due()") == false)
      let next = try await session.enqueue()
      #expect(try await session.value(segments, as: [Int32].self) == [1, 0])
      // The segment is to be emptied next, and the job in it goes on to the head.
      #expect(
        try await session.value("select rotate()", as: String.self)
          == "segment 1: 1 jobs moved, 0 held")
      #expect(try await session.claim(epoch).map(\.id).sorted() == [astray, next])
    }
  }

  private func rotated(_ session: Session) async throws -> String {
    try await session.value("select rotate_if_due()")
  }
}
