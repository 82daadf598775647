import LibpqClient
import Testing

/// Jobs that wait get other payloads while workers go on.
@Suite("Renewing waiting jobs")
struct RenewTests {
  private let new = #"{"new": true}"#

  private func with(_ body: (Session) async throws -> Void) async throws {
    try await withQueueDatabase { try await body(try await Session($0)) }
  }

  /// Renews these jobs; answers how many it did and whether it is done.
  private func renew(
    _ ids: [Int64], _ session: Session, expecting payload: String = "{}"
  ) async throws -> (count: Int, isDone: Bool) {
    let places = try await session.connection.query(
      "select place from payloads_page() where id = any ($1) and state = 'waiting'", [ids]
    ).map { try $0[0].decode(String.self) }
    return try await renew(places: places, session, expecting: payload)
  }

  private func renew(
    places: [String], _ session: Session, expecting payload: String = "{}"
  ) async throws -> (count: Int, isDone: Bool) {
    let row = try await session.connection.query(
      "select * from renew_waiting($1, $2::text[]::jsonb[], $3::text[]::jsonb[])",
      [places, places.map { _ in payload }, places.map { _ in new }])[0]
    return (try row["renewed"].decode(), try row["is_done"].decode())
  }

  private func payloads(_ session: Session) async throws -> [Int64: String] {
    let rows = try await session.connection.query("select id, payload::text from payloads_page()")
    return try Dictionary(
      uniqueKeysWithValues: rows.map { (try $0[0].decode(), try $0[1].decode()) })
  }

  @Test(
    "the jobs up to the last of them go behind the others, in their order, and nothing else changes"
  )
  func order() async throws {
    try await with { session in
      let epoch = try await session.register()
      var ids: [Int64] = []
      for _ in 0..<6 { ids.append(try await session.enqueue()) }
      #expect(try await session.claim(epoch, limit: 1).map(\.id) == [ids[0]])
      #expect(try await renew([ids[1], ids[3]], session) == (2, true))
      let kept = try await payloads(session).filter { $0.value == "{}" }.keys.sorted()
      #expect(kept == [ids[0], ids[2], ids[4], ids[5]])
      for id in ids[1...] { #expect(try await session.state(of: id) == "waiting") }
      #expect(try await session.claim(epoch).map(\.id) == [ids[4], ids[5]])
      #expect(try await session.claim(epoch).map(\.id) == [ids[1], ids[2], ids[3]])
    }
  }

  @Test(
    "a job that was claimed, or changed, meanwhile keeps its payload; others do not suffer from it")
  func claimed() async throws {
    try await with { session in
      let epoch = try await session.register()
      let ids = [try await session.enqueue(), try await session.enqueue()]
      let places = try await session.connection.query("select place from payloads_page()")
        .map { try $0[0].decode(String.self) }
      #expect(try await session.claim(epoch, limit: 1).map(\.id) == [ids[0]])
      #expect(try await renew(places: places, session) == (1, true))
      #expect(try await renew(places: places, session) == (0, true))
      #expect(try await renew([ids[1]], session, expecting: "{}") == (0, true))
      #expect(try await payloads(session) == [ids[0]: "{}", ids[1]: new])
      #expect(try await session.claim(epoch).map(\.id) == [ids[1]])
    }
  }

  @Test("a job that rotation has carried away meanwhile keeps its payload")
  func rotated() async throws {
    try await with { session in
      let epoch = try await session.register()
      let first = try await session.enqueue()
      let place: String = try await session.value("select place from payloads_page()")
      for _ in 0..<4 { try await session.run("select rotate()") }
      let second = try await session.enqueue()
      #expect(try await renew(places: [place], session) == (0, true))
      #expect(try await payloads(session) == [first: "{}", second: "{}"])
      #expect(try await session.claim(epoch).map(\.id) == [first, second])
    }
  }

  @Test("a step moves 2000 jobs; the jobs of a transaction that commits late stay in front")
  func steps() async throws {
    try await withQueueDatabase { configuration in
      let (session, late) = (try await Session(configuration), try await Session(configuration))
      let epoch = try await session.register()
      try await late.run("begin")
      let first = try await late.enqueue()
      try await session.run(
        "select count(*) from enqueue_many('q', 'k', array_fill('{}'::jsonb, array[4500]))")
      let last = try await session.enqueue()
      let place: String = try await session.value(
        "select format('%s/%s/%s', lane, xid, id) from job where id = $1", [last])
      #expect(try await renew(places: [place], session) == (0, false))
      try await late.run("commit")
      #expect(try await renew(places: [place], session) == (0, false))
      #expect(try await renew(places: [place], session) == (1, true))
      #expect(
        try await session.value("select lane_waiting(lane, 10000)::bigint from job limit 1")
          == Int64(4502))
      let jobs = try await session.claim(epoch, limit: 5000)
      #expect(Set(jobs.map(\.id)).count == 4502)
      #expect(jobs.contains { $0.id == first })
    }
  }

  @Test("running jobs count on after their lane was written again, and flags keep their jobs")
  func limitAndFlags() async throws {
    try await with { session in
      let epoch = try await session.register()
      try await session.setLimits(#"{"max_running": 2}"#)
      for _ in 0..<2 { try await session.enqueue() }
      let running = try await session.claim(epoch)
      let unique = try await session.enqueue(uniqueKey: "u")
      let cancelled = try await session.enqueue()
      let suspect = try await session.enqueue()
      let last = try await session.enqueue()
      try await session.run(
        """
        select cancel_job(\(cancelled));
        insert into flagged (lane, id, flag) select lane, id, 'suspect' from job where id = \(suspect)
        """)
      #expect(try await renew([unique, suspect, last], session) == (3, true))
      #expect(try await session.claim(epoch).isEmpty)
      #expect(try await session.enqueue(uniqueKey: "u") == unique)
      try await session.settle(epoch, running[0])
      #expect(try await session.claim(epoch).map(\.id) == [unique])
      #expect(try await session.claim(epoch).map(\.id) == [suspect])
      #expect(try await session.claim(epoch).isEmpty)
      #expect(try await session.state(of: cancelled) == "cancelled")
    }
  }

  @Test("a keyed queue's jobs are sorted, keep their turns and get their payloads there")
  func keyed() async throws {
    try await with { session in
      let epoch = try await session.register()
      try await session.setLimits(#"{"key_order": "fifo"}"#)
      var ids: [Int64] = []
      for key in ["a", "b", "a"] {
        ids.append(try await session.value("select enqueue('q', 'k', p_key => $1)", [key]))
      }
      #expect(try await renew([ids[0], ids[2]], session) == (2, true))
      #expect(try await payloads(session) == [ids[0]: new, ids[1]: "{}", ids[2]: new])
      #expect(try await session.claim(epoch).map(\.id) == [ids[0], ids[1]])
      let again: Bool = try await session.value(
        "select replace_payload('waiting', $1, $2::text::jsonb, '1')", [ids[2], new])
      #expect(again)
      #expect(try await payloads(session)[ids[2]] == "1")
    }
  }
}
