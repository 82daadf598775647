import LibpqClient

extension Stress {
  /// Gives some of the waiting jobs new payloads all the time: lanes are written again behind themselves.
  func renew(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while isWorking {
      let after = "\(Int.random(in: 0...20, using: &random) * 4)/0/0"
      try await connection.query(
        """
        select renew_waiting(p.places, p.payloads, array_fill('{"renewed": 1}'::jsonb, array[p.n])) from (
          select array_agg(place order by n) places, array_agg(payload order by n) payloads,
            count(*)::int n
          from payloads_page($1, 40) with ordinality p (place, id, queue, kind, state, payload, n)
          where state = 'waiting' and split_part(place, '/', 1)::int < 2147483644
          group by split_part(place, '/', 1) order by 3 desc limit 1) p
        """, [after])
      try await Task.sleep(for: .milliseconds(10))
    }
    await connection.close()
  }
}
