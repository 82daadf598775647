import Foundation
import JobQueueTesting
import LibpqClient
import Synchronization
import Testing

/// What becomes of ticks: each is decided about once, as its schedule's policies say.
@Suite("Schedules")
struct ScheduleTests {
  @Test("Each tick fires once under eight callers at a time, one after the other without a gap")
  func manyCallers() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("often", "* * * * * *", "catch_up => 'all', p_overlap => 'allow'")
      let end = ContinuousClock.now + .seconds(3)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            let caller = try await Session(configuration)
            while ContinuousClock.now < end { try await caller.run("select fire_due()") }
            await caller.connection.close()
          }
        }
        try await group.waitForAll()
      }
      let ticks = try await session.ticks()
      #expect(ticks.count >= 3)
      for (tick, next) in zip(ticks, ticks.dropFirst()) { #expect(next == tick + 1) }
    }
  }

  @Test("A caller that dies before its commit leaves the tick to the next one")
  func killedCaller() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("hourly", "@hourly")
      try await session.makeDue("hourly", at: "date_trunc('hour', now())")
      for _ in 0..<3 {
        let caller = try await Session(configuration)
        try await caller.run("begin")
        #expect(try await caller.fire() == 1)
        // Others pass over what is being fired and are not held up by it.
        #expect(try await session.fire() == 0)
        try await session.connection.query(
          "select pg_terminate_backend($1, 5000)", [caller.connection.backendProcessID])
        await caller.connection.close()
      }
      #expect(try await session.fire() == 1)
      #expect(try await session.fire() == 0)
      #expect(try await session.ticks().count == 1)
    }
  }

  @Test(
    "Missed ticks are made up for as declared",
    arguments: [
      ("none", "1 day", 0), ("latest", "1 day", 1), ("latest", "10 minutes", 0),
      ("all", "1 day", 5), ("all", "2 hours", 2),
    ])
  func catchUp(_ policy: String, _ window: String, _ made: Int) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      // Half an hour past each tick.
      let minute = try await session.value(
        "select ((date_part('minute', now())::int + 30) % 60)::text", as: String.self)
      try await session.put(
        "s", "\(minute) * * * *",
        "catch_up => '\(policy)', p_catch_up_window => '\(window)', p_overlap => 'allow'")
      try await session.makeDue("s", at: "next_tick - interval '5 hours'")
      #expect(try await session.fire() == made)
      #expect(try await session.fire() == 0)
      let row = try await session.connection.query(
        "select next_tick > clock_timestamp(), missed_from is not null from schedule")[0]
      #expect(try row[0].decode(Bool.self))
      #expect(try row[1].decode(Bool.self) == (made < 5))
    }
  }

  @Test("A tick that is a few seconds late is fired, whatever the policy")
  func lateTick() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "* * * * * *", "catch_up => 'none', p_overlap => 'allow'")
      try await session.makeDue("s", at: "date_trunc('second', now()) - interval '30 seconds'")
      #expect(try await session.fire() == 1)
    }
  }

  @Test("A long absence is worked off in steps of a hundred ticks")
  func manyMissed() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put(
        "s", "*/2 * * * * *",
        "catch_up => 'all', p_catch_up_window => '10 minutes', p_overlap => 'allow'")
      try await session.makeDue(
        "s", at: "to_timestamp(floor(date_part('epoch', now()) / 2) * 2) - interval '1 day'")
      #expect(try await session.fire() == 100)
      #expect(try await session.fire() == 100)
      #expect(1...105 ~= (try await session.fire()))
      let ticks = try await session.ticks()
      for (tick, next) in zip(ticks, ticks.dropFirst()) { #expect(next == tick + 2) }
    }
  }

  @Test(
    "A tick meets the job of an earlier one: skipped, buffered once, or allowed",
    arguments: [("skip", 1, 1), ("buffer_one", 1, 2), ("allow", 3, 3)])
  func overlap(_ policy: String, _ atOnce: Int, _ afterEnd: Int) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      try await session.put("s", "@hourly", "overlap => '\(policy)'")
      for round in 1...3 {
        try await session.makeDue(
          "s", at: "date_trunc('hour', now()) - interval '\(4 - round) hours'")
        _ = try await session.fire()
      }
      #expect(try await session.ticks().count == atOnce)
      // The first job ends: a buffered tick fires, and nothing else.
      let jobs = try await session.claim(epoch)
      try await session.settle(epoch, jobs[0])
      try await session.run(
        "update schedule set due_at = clock_timestamp() where buffered_tick is not null")
      #expect(try await session.fire() == afterEnd - atOnce)
      #expect(try await session.fire() == 0)
      let live: Int64 = try await session.value("select count(*) from schedule_run")
      #expect(live == (policy == "buffer_one" ? 1 : 0))
    }
  }

  @Test("The end of a job that a tick waits for is told to the leader")
  func endIsTold() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let listener = try await Session(configuration)
      let epoch = try await session.register()
      try await session.put("s", "@hourly", "overlap => 'buffer_one'")
      let notices = try await listener.connection.listen("ong_control")
      let heard = Mutex<[String]>([])
      async let hearing: Void = {
        for await notice in notices { heard.withLock { $0.append(notice.payload) } }
      }()
      for hours in [2, 1] {
        try await session.makeDue("s", at: "date_trunc('hour', now()) - interval '\(hours) hours'")
        _ = try await session.fire()
      }
      try await session.settle(epoch, try await session.claim(epoch)[0])
      try await eventually("the notice") { heard.withLock { $0.contains("schedule s") } }
      await listener.connection.close()
      await hearing
      #expect(try await session.fire() == 0)
      try await session.run("update schedule set due_at = clock_timestamp()")
      #expect(try await session.fire() == 1)
    }
  }

  @Test("A job that vanished without an end does not stop its schedule")
  func vanishedJob() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "@hourly")
      try await session.makeDue("s", at: "date_trunc('hour', now())")
      _ = try await session.fire()
      try await session.run("truncate job")
      try await session.makeDue("s", at: "date_trunc('hour', now())")
      #expect(try await session.fire() == 1)
    }
  }

  @Test("A tick's delay is drawn once, lies within the jitter and differs between schedules")
  func jitter() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "@hourly", "jitter => '5 min'")
      let drawn: [Double] = try await session.value(
        """
        select array_agg(date_part('epoch', tick_jitter(n, '2026-01-01 00:00Z'::timestamptz + i * interval '1 hour', '5 min')))
        from generate_series(1, 500) i, unnest(array['a', 'b']) n
        """)
      #expect(drawn.allSatisfy { 0...300 ~= $0 })
      #expect(Set(drawn).count > 900)
      #expect(abs(drawn.reduce(0, +) / Double(drawn.count) - 150) < 20)
      try await session.makeDue("s", at: "date_trunc('second', now())")
      #expect(try await session.fire() == 1)
      let isExact: Bool = try await session.value(
        "select run_at = (meta->>'tick')::timestamptz + tick_jitter('s', (meta->>'tick')::timestamptz, '5 min') from deferred"
      )
      #expect(isExact)
    }
  }

  @Test("A paused schedule fires nothing, and its pause is not made up for; run now does at once")
  func pause() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "@hourly", "catch_up => 'all'")
      try await session.run("select pause_schedule('s')")
      try await session.makeDue("s", at: "date_trunc('hour', now()) - interval '3 hours'")
      #expect(try await session.fire() == 0)
      let id: Int64 = try await session.value("select run_schedule_now('s')")
      let meta: String = try await session.value(
        "select job_story($1) ->> 'meta'", [id])
      #expect(meta == #"{"run_now": true, "schedule": "s"}"#)
      // Declaring it again does not end the pause.
      try await session.put("s", "@hourly", "catch_up => 'all', p_jitter => '1 s'")
      #expect(try await session.fire() == 0)
      try await session.run("select resume_schedule('s')")
      #expect(try await session.fire() == 0)
      #expect(try await session.isNextTick("date_trunc('hour', now()) + interval '1 hour'"))
      try await session.run("select delete_schedule('s')")
      #expect(try await sqlState { try await session.run("select pause_schedule('s')") } == "OG009")
    }
  }

  @Test(
    "Putting a schedule again keeps its next tick unless expression, zone or rules have changed")
  func putAgain() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "@hourly")
      try await session.makeDue("s", at: "date_trunc('hour', now())")
      try await session.put("s", "@hourly", "jitter => '1 s'")
      #expect(try await session.isNextTick("date_trunc('hour', now())"))
      try await session.put("s", "0 * * * *")
      #expect(try await session.isNextTick("date_trunc('hour', now()) + interval '1 hour'"))
    }
  }

  @Test("What an operator changed stays until the program says something new")
  func declared() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("s", "@hourly", "declared => true", queue: "new")
      try await session.put("s", "@daily", queue: "new")
      try await session.put("s", "@hourly", "declared => true", queue: "new")
      #expect(try await session.value("select cron from schedule", as: String.self) == "@daily")
      try await session.put("s", "@weekly", "declared => true", queue: "new")
      #expect(try await session.value("select cron from schedule", as: String.self) == "@weekly")
      #expect(
        try await sqlState { try await session.put("t", "@daily", queue: "missing") } == "OG004")
    }
  }

  @Test("A schedule that fails keeps its tick, shows why and holds up no other")
  func failing() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("bad", "@hourly")
      try await session.put("good", "@hourly")
      try await session.run(
        "update schedule set payload = jsonb_build_object('x', repeat('y', 100000)) where name = 'bad'; update queue set max_payload_bytes = 1000"
      )
      for name in ["bad", "good"] {
        try await session.makeDue(name, at: "date_trunc('hour', now())")
      }
      #expect(try await session.fire() == 1)
      #expect(try await session.fire() == 0)
      let error: String = try await session.value(
        "select error from schedule_status() where name = 'bad'")
      #expect(error.contains("payload"))
      let isPutOff: Bool = try await session.value(
        "select due_at > clock_timestamp() + interval '5 s' from schedule where name = 'bad'")
      #expect(isPutOff)
      try await session.run(
        "update queue set max_payload_bytes = 1000000; update schedule set due_at = now()")
      #expect(try await session.fire() == 1)
      #expect(
        try await session.value(
          "select error is null from schedule where name = 'bad'", as: Bool.self))
    }
  }

  @Test("A zone that is no name of the tz database is refused, a name in other letters is mended")
  func zones() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      for zone in ["UTC+7", "Asia/Hanoi7", "Mars/Phobos", "", "ICT"] {
        #expect(
          try await sqlState {
            try await session.put("s", "@hourly", "time_zone => '\(zone)'")
          } == "OG006", "\(zone)")
      }
      try await session.put("s", "@hourly", "time_zone => 'ASIA/ho_chi_minh'")
      #expect(
        try await session.value("select time_zone from schedule", as: String.self)
          == "Asia/Ho_Chi_Minh")
    }
  }

  @Test("A preview shows local times, and says where the clock is changed")
  func preview() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put(
        "s", "30 1,2 * * *", "time_zone => 'America/New_York', p_repeated => 'both'")
      func lines(_ from: String, _ count: Int) async throws -> [String] {
        try await session.connection.query(
          """
          select concat_ws(' | ', to_char(local_time, 'MM-DD HH24:MI'), extract(hours from utc_offset), note)
          from schedule_preview('s', $1, $2)
          """, [from, Int32(count)]
        ).map { try $0[0].decode(String.self) }
      }
      #expect(
        try await lines("2026-03-07 20:00Z", 4) == [
          "03-08 01:30 | -5",
          "03-08 03:00 | -4 | the clock goes forward from 2026-03-08 02:00 to 2026-03-08 03:00; runs for a local time that is skipped",
          "03-09 01:30 | -4", "03-09 02:30 | -4",
        ])
      #expect(
        try await lines("2026-10-31 20:00Z", 3) == [
          "11-01 01:30 | -4 | first of two 01:30",
          "11-01 01:30 | -5 | the clock goes back from 2026-11-01 02:00 to 2026-11-01 01:00; second of two 01:30",
          "11-01 02:30 | -5",
        ])
      let change: String = try await session.value(
        "select at::text from next_clock_change('America/New_York', '2026-03-07')")
      #expect(change == "2026-03-08 07:00:00+00")
    }
  }
}

extension Session {
  /// Makes or changes a schedule; `options` begins with a parameter's name without its `p_`.
  func put(
    _ name: String, _ cron: String, _ options: String? = nil, queue: String = "q"
  ) async throws {
    try await connection.query(
      "select put_schedule($1, $2, $3, 'k'\(options.map { ", p_\($0)" } ?? ""))",
      [name, cron, queue])
  }

  func makeDue(_ name: String, at tick: String) async throws {
    try await run(
      "update schedule set next_tick = \(tick), due_at = \(tick) where name = '\(name)'")
  }

  /// Fires what is due and returns the number of jobs.
  func fire() async throws -> Int {
    try await connection.query("select * from fire_due()").count
  }

  /// The ticks of all jobs in the log, in seconds.
  func ticks() async throws -> [Int64] {
    try await connection.query(
      "select date_part('epoch', (meta->>'tick')::timestamptz)::bigint from job where meta ? 'tick' order by 1"
    ).map { try $0[0].decode(Int64.self) }
  }

  func isNextTick(_ tick: String) async throws -> Bool {
    try await value("select next_tick = \(tick) from schedule")
  }
}
