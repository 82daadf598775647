import JobQueueTesting
import LibpqClient
import Testing

/// What holds for the ticks of any expression, in any zone, from any moment on.
@Suite("Cron, for any expression")
struct CronProperties {
  private static let zones = [
    "UTC", "Asia/Ho_Chi_Minh", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
    "Pacific/Apia", "Europe/Dublin", "America/St_Johns", "Asia/Kathmandu", "Antarctica/Troll",
  ]

  @Test(
    "ticks come after their start, ever later, fit the expression by the zone's clock, and are previewed"
  )
  func ticks() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await forEachSeed(rounds: 60) { random in
        let pattern = CronPattern.random(&random, days: 1...28)
        let zone = Self.zones.randomElement(using: &random)!
        // 1970 to 2099
        let start = Int64.random(in: 0...4_070_908_800, using: &random)
        let rows = try await session.connection.query(
          """
          with recursive plan as materialized (select cron_plan($1) p), tick as (
            select 1 n, next_tick(p, $2, 'skip', 'first', to_timestamp($3)) t from plan
            union all
            select n + 1, next_tick(p, $2, 'skip', 'first', t) from tick, plan where n < 12)
          select date_part('epoch', t)::bigint, date_part('epoch', t at time zone $2)::bigint,
            t = (select array_agg(p.tick order by p.tick)
                 from cron_preview($1, $2, to_timestamp($3), 12, 'skip', 'first') p)[n]
          from tick order by n
          """, [pattern.text, zone, start])
        var last = start
        let what = "\(pattern.text) in \(zone) from \(start)"
        for row in rows {
          // Nothing within 12 years: a day that does not come, or a zone that skips the time.
          guard let at = try row[0].decode(Int64?.self) else { break }
          try hold(at > last, "\(what): \(at) comes after \(last)")
          try hold(at % 60 == 0 || zone != "UTC", "\(what): \(at) is no full minute")
          try hold(pattern.fits(try row[1].decode(Int64.self)), "\(what): \(at) does not fit")
          try hold(try row[2].decode(Bool?.self) == true, "\(what): the preview differs at \(at)")
          last = at
        }
      }
      await session.connection.close()
    }
  }

  @Test("any text is an expression or is refused as none")
  func texts() async throws {
    let parts = [
      "*", "/", "-", ",", " ", "0", "1", "5", "59", "60", "99999999999999999999", "L", "#", "?",
      "mon", "JAN", "@daily", "@", "\\", "'", "%", "٣", "\t", "7", "31", "2-30", "*/0", "*/5",
    ]
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await forEachSeed(rounds: 400) { random in
        let count = Int.random(in: 0...12, using: &random)
        var text = (0..<count).map { _ in parts.randomElement(using: &random)! }.joined()
        if Bool.random(using: &random) {
          text = (0..<5).map { _ in parts.randomElement(using: &random)! }.joined(separator: " ")
        }
        let state = try await sqlState {
          try await session.connection.query(
            "select next_tick(cron_plan($1), 'UTC', 'skip', 'first', to_timestamp(1e9))", [text],
            timeout: .seconds(5))
        }
        try hold(state == nil || state?.hasPrefix("OG") == true, "'\(text)' gives \(state ?? "")")
      }
      await session.connection.close()
    }
  }
}
