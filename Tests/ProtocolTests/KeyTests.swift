import Foundation
import LibpqClient
import Testing

/// Queues whose jobs are taken key by key.
@Suite("Keys")
struct KeyTests {
  @Test("Keys take turns: ten jobs of one tenant do not wait for thousands of another")
  func fair() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fair"}"#)
      try await session.enqueueKeyed(3000, "large")
      let small = try await session.enqueueKeyed(10, "small")
      var done: Set<Int64> = []
      var claims = 0
      while !done.isSuperset(of: small) {
        done.formUnion(try await session.claim(epoch, limit: 10).map(\.id))
        claims += 1
      }
      // A claim sorts 2,000 rows, and the small tenant gets half of what it takes.
      #expect(claims <= 4)
      var rest = done.count
      while case let jobs = try await session.claim(epoch, limit: 1000), !jobs.isEmpty {
        rest += jobs.count
      }
      #expect(rest == 3010)
    }
  }

  @Test("A key's running jobs are limited over all workers and bands; crash and settle give back")
  func keyLimit() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let (first, second) = (try await one.register(), try await two.register())
      try await one.setLimits(#"{"key_max_running": 2}"#)
      for priority: Int16 in [1, 2] {
        try await one.enqueueKeyed(5, "a", priority: priority)
        try await one.enqueueKeyed(5, "b", priority: priority)
      }
      let mine = try await one.claim(first, limit: 3)
      #expect(mine.count == 3)
      #expect(try await two.claim(second).count == 1)
      #expect(try await two.claim(second).isEmpty)
      try await one.settle(first, mine[0], ids: [mine[0].id], isFinal: false)
      #expect(try await two.claim(second).count == 1)
      try await one.run("select rescue('\(first)')")
      #expect(try await two.claim(second).count == 2)
      for _ in 0..<5 { try await one.run("select rotate()") }
      #expect(try await two.claim(second).isEmpty)
    }
  }

  @Test("Jobs without a key are neither limited nor ordered in a keyed queue")
  func keyless() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_max_running": 1, "key_order": "fifo"}"#)
      try await session.enqueueMany(7)
      try await session.enqueueKeyed(3, "a")
      #expect(try await session.claim(epoch, limit: 5).count == 5)
      #expect(try await session.claim(epoch).count == 3)
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("A key's rate holds for each key, with its costs; other keys go on")
  func keyRate() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(
        #"{"key_rate": {"count": 2, "per_seconds": 3600, "burst": 3}, "rate": {"count": 7, "per_seconds": 86400}}"#
      )
      try await session.enqueueKeyed(5, "a")
      let costly: Int64 = try await session.value(
        "select enqueue('q', 'k', p_key => 'b', p_meta => '{\"cost\": 2}')")
      try await session.enqueueKeyed(5, "b")
      let first = try await session.claim(epoch).map(\.id)
      #expect(first.count == 5 && first.contains(costly))
      try await session.run("update key_bucket set spent_at = spent_at - interval '30 minutes'")
      #expect(try await session.claim(epoch).count == 1)  // the queue's own bucket had 7
      try await session.setLimits(#"{"rate": null}"#)
      #expect(try await session.claim(epoch).count == 1)
      #expect(try await session.claim(epoch).isEmpty)
    }
  }

  @Test("A fifo key runs one job after another, in the order of commits, through every way back")
  func fifo() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      var epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      let ids = try await session.enqueueKeyed(8, "a")
      var ways = ["retry", "snooze", "hand_back", "park", "rescue", "retire", "rotate"]
      for (place, id) in ids.enumerated() {
        var job = try #require(try await session.claim(epoch).first)
        #expect(job.id == id)
        #expect(try await session.claim(epoch).isEmpty)
        if let way = ways.popLast() {
          switch way {
          case "rescue", "retire":
            let call = way == "rescue" ? "rescue($1)" : "retire_worker($1, 1)"
            try await session.connection.query("select \(call)", [epoch])
            epoch = try await session.register()
          case "rotate":
            for _ in 0..<5 { try await session.run("select rotate()") }
            #expect(try await session.claim(epoch).isEmpty)
            try await session.settle(epoch, job)
            continue
          default:
            try await session.settle(
              epoch, job,
              outcomes: JSONText(#"[{"id": \#(id), "outcome": "\#(way)", "delay_ms": 0}]"#))
            if way != "hand_back" { #expect(try await session.claim(epoch).isEmpty) }
            try await session.run("select promote_due(); select unpark_known()")
          }
          job = try #require(try await session.claim(epoch).first)
          #expect(job.id == id, "\(way)")
          #expect(try await session.claim(epoch).isEmpty)
        }
        let end = ["", "dead", "discard", "cancel"][place % 4]
        let outcomes = end.isEmpty ? nil : JSONText(#"[{"id": \#(id), "outcome": "\#(end)"}]"#)
        try await session.settle(epoch, job, outcomes: outcomes)
      }
      let left: Int64 = try await session.value(
        "select (select count(*) from key_slot) + (select count(*) from keyed) + (select count(*) from tracked)"
      )
      #expect(left == 0)
    }
  }

  @Test("A fifo key waits for its job whose kind is quarantined, and goes on in its order")
  func quarantined() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      let ids = try await session.enqueueKeyed(3, "a")
      try await session.run("select quarantine_kind('k')")
      #expect(try await session.claim(epoch).isEmpty)
      #expect(try await session.state(of: ids[0]) == "parked")
      #expect(try await session.claim(epoch).isEmpty)
      #expect(try await session.state(of: ids[1]) == "waiting")
      try await session.run("select release_kind('k')")
      for id in ids {
        let job = try #require(try await session.claim(epoch).first)
        #expect(job.id == id)
        try await session.settle(epoch, job)
      }
      #expect(try await session.value("select count(*) from key_slot", as: Int64.self) == 0)
    }
  }

  @Test("A job that commits first comes first, though its id is greater")
  func commitOrder() async throws {
    try await withQueueDatabase { configuration in
      let (late, other) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await other.register()
      try await other.setLimits(#"{"key_order": "fifo"}"#)
      try await late.run("begin")
      let first = try await late.enqueueKeyed(1, "a")[0]
      let second = try await other.enqueueKeyed(2, "a")
      let job = try await other.claim(epoch)
      #expect(job.map(\.id) == [second[0]])
      try await late.run("commit")
      try await other.settle(epoch, job[0])
      let next = try await other.claim(epoch)
      #expect(next.map(\.id) == [second[1]])
      try await other.settle(epoch, next[0])
      #expect(try await other.claim(epoch).map(\.id) == [first])
    }
  }

  @Test("Jobs that rotation carries before they were sorted keep their places")
  func carried() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      var ids: [Int64] = []
      for _ in 0..<7 {
        ids += try await session.enqueueKeyed(2, "a")
        try await session.run("select rotate()")
      }
      for id in ids {
        let job = try #require(try await session.claim(epoch).first)
        #expect(job.id == id)
        try await session.settle(epoch, job)
      }
    }
  }

  @Test("Two claims at once give a fifo key's next job to one worker")
  func race() async throws {
    try await withQueueDatabase { configuration in
      let (one, two) = (try await Session(configuration), try await Session(configuration))
      let watcher = try await Session(configuration)
      let (first, second) = (try await one.register(), try await two.register())
      try await one.setLimits(#"{"key_order": "fifo"}"#)
      try await one.enqueueKeyed(2, "a")
      try await one.run("begin")
      #expect(try await one.claim(first).count == 1)
      async let other = two.claim(second)
      try await watcher.awaitBlocked(two)
      try await one.run("commit")
      #expect(try await other.isEmpty)
    }
  }

  @Test("A waiting job of a key is found, explained and cancelled; its key goes on")
  func seen() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo", "max_running": 9}"#)
      let early = try await session.enqueueKeyed(1, "a")[0]
      _ = try await session.connection.query("select cancel_job($1)", [early])
      let ids = try await session.enqueueKeyed(4, "a")
      let running = try await session.claim(epoch)
      #expect(running.map(\.id) == [ids[0]])
      #expect(try await session.state(of: early) == "cancelled")
      #expect(try await session.state(of: ids[3]) == "waiting")
      let story: String = try await session.value(
        "select (job_story($1) - 'payload')::text", [ids[3]])
      #expect(story.contains(#""key_running": [\#(ids[0])]"#))
      #expect(story.contains(#""waits_behind": 2"#))
      #expect(story.contains(#""max_running": 9"#))
      let waiting: Int64 = try await session.value(
        "select count(*) from find_jobs('q', 'waiting') where id = any ($1)", [ids])
      #expect(waiting == 3)
      #expect(try await session.value("select waiting from queue_status()", as: Int64.self) == 3)
      #expect(try await session.value("select cancel_job($1)", [ids[1]]) == "cancelled")
      #expect(try await session.value("select cancel_job($1)", [ids[0]]) == "requested")
      try await session.settle(epoch, running[0])
      #expect(try await session.claim(epoch).map(\.id) == [ids[2]])
      #expect(try await session.state(of: ids[1]) == "cancelled")
    }
  }

  @Test("Unique jobs and suspects are looked after in a keyed queue too")
  func flags() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.setLimits(#"{"key_order": "fair"}"#)
      let unique = "select enqueue('q', 'k', p_key => 'a', p_unique_key => 'u')"
      let id: Int64 = try await session.value(unique)
      #expect(try await session.value(unique) == id)
      for _ in 0..<2 {
        let epoch = try await session.register()
        #expect(try await session.claim(epoch).map(\.id) == [id])
        try await session.connection.query("select rescue($1)", [epoch])
      }
      let again: Int64 = try await session.value(unique)
      #expect(again != id)
      let epoch = try await session.register()
      let all = try await [session.claim(epoch), session.claim(epoch)]
      #expect(all.map(\.count) == [1, 1])  // the suspect comes alone
      #expect(try await session.value("select count(*) from flagged", as: Int64.self) == 0)
      try await session.connection.query("select rescue($1)", [epoch])
      #expect(try await session.state(of: id) == "dead")
    }
  }

  @Test("The order of keys is switched on and off while jobs wait and run")
  func changed() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let ids = try await session.enqueueKeyed(10, "a")
      let plain = try await session.claim(epoch, limit: 3)
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      #expect(try await session.claim(epoch).isEmpty)
      try await session.settle(epoch, plain[0])
      let fourth = try await session.claim(epoch)
      #expect(fourth.map(\.id) == [ids[3]])
      try await session.setLimits(#"{"key_order": null}"#)
      #expect(try await session.claim(epoch).map(\.id) == Array(ids[4...]))
      try await session.settle(epoch, fourth[0])
      #expect(try await sqlState { try await session.settle(epoch, fourth[0]) } == "OG002")
    }
  }

  @Test("What a key had running together when it became fifo goes on one after another")
  func begunTogether() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let ids = try await session.enqueueKeyed(4, "a")
      let running = try await session.claim(epoch, limit: 3)
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      // The first two come back while the third runs.
      let back = JSONText(
        #"[{"id": \#(ids[0]), "outcome": "hand_back"}, {"id": \#(ids[1]), "outcome": "hand_back"}]"#
      )
      try await session.settle(
        epoch, running[0], ids: [ids[0], ids[1]], isFinal: false, outcomes: back)
      // The first claim sorts the fourth, the second those.
      for _ in 0..<2 { #expect(try await session.claim(epoch).isEmpty) }
      try await session.settle(epoch, running[0], ids: [ids[2]])
      for id in [ids[0], ids[1], ids[3]] {
        let next = try await session.claim(epoch)
        #expect(next.map(\.id) == [id])
        try await session.settle(epoch, next[0])
      }
    }
  }

  @Test("One settle ends jobs of many keys, each by its outcome, and only those")
  func manyEnds() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      var ids: [Int64] = []
      for key in ["a", "b", "c", "d"] { ids += try await session.enqueueKeyed(2, key) }
      let first = try await session.claim(epoch)
      #expect(first.map(\.id) == [ids[0], ids[2], ids[4], ids[6]])
      let outcomes = JSONText(
        #"[{"id": \#(ids[2]), "outcome": "dead"}, {"id": \#(ids[4]), "outcome": "snooze", "delay_ms": 60000}]"#
      )
      try await session.settle(epoch, first[0], outcomes: outcomes)
      let begun = "select array_agg(key order by key) from key_slot"
      #expect(try await session.value(begun) as [String] == ["c"])
      #expect(try await session.claim(epoch).map(\.id) == [ids[1], ids[3], ids[7]])
    }
  }
}

extension Session {
  /// Jobs of one key, each with an id greater than the one before.
  @discardableResult
  func enqueueKeyed(_ count: Int, _ key: String, queue: String = "q", priority: Int16 = 2)
    async throws -> [Int64]
  {
    try await connection.query(
      """
      select enqueue_many($1, 'k', array_fill('{}'::jsonb, array[$2::int]), $3, \
      p_keys => array_fill($4::text, array[$2::int]))
      """, [queue, Int32(count), priority, key]
    ).map { try $0[0].decode(Int64.self) }
  }
}
