import JobQueueTesting
import LibpqClient

extension Stress {
  /// Gives some of the waiting jobs new payloads all the time: lanes are written again behind themselves.
  func renew(_ generator: SeededGenerator) async throws {
    var random = generator
    let connection = try await Connection.open(configuration)
    while isWorking {
      // Apart from what follows: a transaction that has read the log may not wait for a queue.
      let page = try await connection.query(
        """
        select p.place, p.payload::text
        from (select id * 4 + $1 lane from queue order by random() limit 1) l,
          payloads_page(l.lane || '/0/0', 30) with ordinality p (place, id, queue, kind, state, payload, n)
        where split_part(p.place, '/', 1)::int = l.lane order by p.n
        """, [Int32.random(in: 0...3, using: &random)])
      if page.count > 0 {
        try await connection.query(
          "select renew_waiting($1, $2::text[]::jsonb[], array_fill('{\"renewed\": 1}'::jsonb, array[$3::int]))",
          [
            page.map { try $0[0].decode(String.self) }, page.map { try $0[1].decode(String.self) },
            Int32(page.count),
          ])
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    await connection.close()
  }
}
