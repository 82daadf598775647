import JobQueueTesting
import LibpqClient
import Testing

/// The arithmetic of ticks, against a reference that walks the clock step by step.
@Suite("Cron")
struct CronTests {
  /// A stretch of a zone's history in which its clock is changed.
  struct Stretch: CustomTestStringConvertible {
    let zone: String
    let from: String
    var days = 5
    var step = 60

    var testDescription: String { "\(zone) from \(from)" }
  }

  static let stretches = [
    Stretch(zone: "America/New_York", from: "2026-03-06"),
    Stretch(zone: "America/New_York", from: "2026-10-30"),
    Stretch(zone: "Australia/Lord_Howe", from: "2026-04-02"),
    Stretch(zone: "Australia/Lord_Howe", from: "2026-10-01"),
    Stretch(zone: "Pacific/Apia", from: "2011-12-28"),
    Stretch(zone: "Pacific/Kwajalein", from: "1993-08-19"),
    // 23 hours come twice.
    Stretch(zone: "Pacific/Kwajalein", from: "1969-09-28"),
    Stretch(zone: "Asia/Kathmandu", from: "1985-12-29"),
    Stretch(zone: "Asia/Ho_Chi_Minh", from: "1975-06-10"),
    Stretch(zone: "Asia/Ho_Chi_Minh", from: "2026-02-26"),
    Stretch(zone: "Africa/Casablanca", from: "2026-02-13", days: 40),
    Stretch(zone: "Antarctica/Troll", from: "2026-03-27"),
    // Set forward by 44:30 minutes.
    Stretch(zone: "Africa/Monrovia", from: "1972-01-05", step: 30),
    Stretch(zone: "UTC", from: "2028-02-27"),
    Stretch(zone: "America/New_York", from: "2026-01-01", days: 800, step: 900),
    Stretch(zone: "Australia/Lord_Howe", from: "2027-06-01", days: 800, step: 900),
    Stretch(zone: "Africa/Cairo", from: "2014-01-01", days: 800, step: 900),
  ]

  @Test("Ticks are those of a clock that is watched", arguments: stretches)
  func ticks(_ stretch: Stretch) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let clock = try await locals(stretch, session)
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = SeededGenerator(seed)
      for _ in 0..<(stretch.days > 30 ? 12 : 25) {
        var pattern = CronPattern.random(&random, days: 1...31)
        // A coarse clock does not show every minute.
        while stretch.step > 60 && !pattern.minute.values.allSatisfy({ $0 % 15 == 0 }) {
          pattern = CronPattern.random(&random, days: 1...31)
        }
        let runsAfter = Bool.random(using: &random)
        let runsBoth = Bool.random(using: &random)
        let expected = pattern.ticks(
          clock.locals, step: Int64(stretch.step), runsAfter: runsAfter, runsBoth: runsBoth
        ).map { clock.start + Int64($0 * stretch.step) }.filter { $0 > clock.start + 86400 }
        let found = try await found(
          pattern.text, stretch.zone, runsAfter, runsBoth, after: clock.start + 86400,
          until: clock.start + Int64((clock.locals.count - 1) * stretch.step), session)
        let odd = Set(found).symmetricDifference(expected).min()
        #expect(
          found == expected,
          """
          \(pattern.text) run after \(runsAfter) both \(runsBoth) seed \(seed): \
          \(odd.map { "\($0) is \(found.contains($0) ? "too many" : "missing")" } ?? "order")
          """)
        // A search that begins anywhere, such as in an hour that comes again.
        guard let last = expected.last else { continue }
        let begins = (0..<100).map { _ in
          Int64.random(
            in: clock.start + 86400..<last, using: &random)
        }
        let first = try await firstTicks(
          pattern.text, stretch.zone, runsAfter, runsBoth, after: begins, session)
        #expect(
          first == begins.map { begin in expected.first { $0 > begin } },
          "\(pattern.text) run after \(runsAfter) both \(runsBoth) seed \(seed)")
      }
    }
  }

  /// What the zone's clock shows, from a day before the stretch on.
  private func locals(_ stretch: Stretch, _ session: Session) async throws -> (
    start: Int64, locals: [Int64]
  ) {
    let row = try await session.connection.query(
      """
      select date_part('epoch', min(t))::bigint,
        array_agg(date_part('epoch', t at time zone $1)::bigint order by t)
      from generate_series($2::timestamptz - interval '1 day', $2::timestamptz + $3 * interval '1 day',
        $4 * interval '1 second') t
      """, [stretch.zone, stretch.from + " 00:00Z", Int32(stretch.days), Int32(stretch.step)])[0]
    return (try row[0].decode(), try row[1].decode())
  }

  private func firstTicks(
    _ cron: String, _ zone: String, _ runsAfter: Bool, _ runsBoth: Bool, after: [Int64],
    _ session: Session
  ) async throws -> [Int64?] {
    try await session.connection.query(
      """
      select date_part('epoch', next_tick(cron_plan($1), $2, $3, $4, to_timestamp(a)))::bigint
      from unnest($5::bigint[]) with ordinality b (a, place) order by place
      """,
      [cron, zone, runsAfter ? "run_after" : "skip", runsBoth ? "both" : "first", after]
    ).map { try $0[0].decode(Int64?.self) }
  }

  private func found(
    _ cron: String, _ zone: String, _ runsAfter: Bool, _ runsBoth: Bool, after: Int64, until: Int64,
    _ session: Session
  ) async throws -> [Int64] {
    try await session.connection.query(
      """
      with recursive plan as materialized (select cron_plan($1) p), tick as (
        select next_tick(p, $2, $3, $4, to_timestamp($5)) t from plan
        union all
        select next_tick(p, $2, $3, $4, t) from tick, plan where t <= to_timestamp($6))
      select date_part('epoch', t)::bigint from tick where t <= to_timestamp($6) order by 1
      """,
      [
        cron, zone, runsAfter ? "run_after" : "skip", runsBoth ? "both" : "first", Double(after),
        Double(until),
      ]
    ).map { try $0[0].decode(Int64.self) }
  }

  static let refusals = [
    ("61 * * * *", "expected the minute to be 0 to 59, got: \"61\""),
    ("* 24 * * *", "expected the hour to be 0 to 23, got: \"24\""),
    ("* * 0 * *", "expected the day of the month to be 1 to 31, got: \"0\""),
    ("* * * 13 *", "expected the month to be 1 to 12 or jan to dec, got: \"13\""),
    ("* * * * monday", "expected the weekday to be 0 to 7 or sun to sat, got: \"monday\""),
    ("* * * * fri-mon", "expected the weekday to be a range that goes upwards, got: \"fri-mon\""),
    ("*/0 * * * *", "the minute to be a list of"), ("1,,2 * * * *", "the minute to be a list of"),
    ("* * * *", "five fields, or six with seconds"), ("", "five fields"), ("@often", "five fields"),
    ("@every 0s", "expected the interval to be 1s to 366d"), ("@every", "five fields"),
    ("*/99999 * * * *", "the minute to be a list of"), ("0 0 * * 8#1", "the weekday"),
    (String(repeating: "1,", count: 101) + "1 * * * *", "at most 200 bytes"),
  ]

  @Test("An expression that is wrong is refused with the field's name and what was expected")
  func refused() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      for (cron, message) in Self.refusals {
        do {
          _ = try await session.value("select cron_plan($1)::text", [cron], as: String.self)
          Issue.record("\(cron) was taken")
        } catch let error as DatabaseError {
          #expect(error.sqlState == "OG006")
          #expect(error.message.contains(message), "\(error.message)")
        }
      }
    }
  }

  /// The first tick after 2026-01-01 12:30:15.5, a Thursday.
  static let meanings = [
    ("@daily", "2026-01-02 00:00:00"), ("@hourly", "2026-01-01 13:00:00"),
    ("@weekly", "2026-01-04 00:00:00"), ("@monthly", "2026-02-01 00:00:00"),
    ("@yearly", "2027-01-01 00:00:00"), ("0 9 L * *", "2026-01-31 09:00:00"),
    ("0 9 15,l 2 *", "2026-02-15 09:00:00"), ("0 9 L 2 *", "2026-02-28 09:00:00"),
    ("0 9 * * friL", "2026-01-30 09:00:00"), ("0 9 * * 2#2", "2026-01-13 09:00:00"),
    ("0 9 * * tue#5", "2026-03-31 09:00:00"), ("*/7 * * * * *", "2026-01-01 12:30:21"),
    ("30 0 0 29 feb *", "2028-02-29 00:00:30"), ("@every 90s", "2026-01-01 12:31:30"),
    ("@every 1d12h", "2026-01-02 12:00:00"), ("0 0 13 * fri", "2026-01-02 00:00:00"),
    ("0 0 13 * */5", "2026-02-13 00:00:00"), ("50/5 * * * *", "2026-01-01 12:50:00"),
    ("  0   9 * * sat-sun ", "2026-01-03 09:00:00"), ("0 0 31 2 *", "never"),
    ("0 0 29 2 fri#5", "2028-02-29 00:00:00"),
  ]

  @Test("Words, last days, nth weekdays, seconds and intervals mean what they say")
  func meaning() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      for (cron, next) in Self.meanings {
        let found: String = try await session.value(
          """
          select coalesce(to_char(next_tick(cron_plan($1), 'UTC', 'run_after', 'first',
            '2026-01-01 12:30:15.5Z') at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'never')
          """, [cron])
        #expect(found == next, "\(cron)")
      }
    }
  }
}
