import Foundation
import LibpqClient
import Testing

/// Jobs that are dropped because their time to start has passed.
@Suite("Expiry")
struct ExpiryTests {
  private func enqueue(_ session: Session, _ options: String) async throws -> Int64 {
    try await session.value("select enqueue('q', 'k', \(options))")
  }

  private static let soon = "p_expires_at => clock_timestamp() + interval '20 ms'"

  private func afterwards(_ session: Session) async throws {
    try await session.run("select pg_sleep(0.03)")
  }

  @Test("A scheduled job that has expired when it is due ends without coming into the log")
  func scheduled() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let id = try await enqueue(
        session,
        """
        p_run_at => clock_timestamp() + interval '300 ms', p_unique_key => 'u',
        p_expires_at => clock_timestamp() + interval '310 ms'
        """)
      try await session.run("select pg_sleep(0.32)")
      #expect(try await session.value("select promoted from promote_due()") == Int32(1))
      #expect(try await session.state(of: id) == "expired")
      #expect(try await session.value("select count(*) from job") == Int64(0))
      #expect(try await session.value("select count(*) from unique_key") == Int64(0))
      #expect(
        try await session.value("select count(*) from find_jobs(p_state => 'expired')") == Int64(0))
    }
  }

  @Test("A retry that would come after the expiry ends at the expiry")
  func retrying() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await enqueue(
        session, "p_unique_key => 'u', p_unique_scope => 'settled', \(Self.soon)")
      let job = try await session.claim(epoch)[0]
      try await session.settle(
        epoch, job, ids: [id],
        outcomes: JSONText(#"[{"id": \#(id), "outcome": "retry", "delay_ms": 3600000}]"#))
      #expect(try await session.state(of: id) == "retrying")
      try await afterwards(session)
      try await session.run("select promote_due()")
      #expect(try await session.state(of: id) == "expired")
      #expect(try await session.value("select count(*) from unique_key") == Int64(0))
      #expect(try await session.value("select count(*) from tracked") == Int64(0))
    }
  }

  @Test(
    "A parked job ends where its kind becomes known too late, or never",
    arguments: ["unpark_known", "prune"])
  func parked(_ step: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await enqueue(session, Self.soon)
      let job = try await session.claim(epoch)[0]
      try await session.settle(
        epoch, job, ids: [id], outcomes: JSONText(#"[{"id": \#(id), "outcome": "park"}]"#))
      try await afterwards(session)
      try await session.run("select \(step)()")
      #expect(try await session.state(of: id) == "expired")
    }
  }

  @Test("A worker's word that a job has expired ends it")
  func outcome() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let id = try await enqueue(session, Self.soon)
      let job = try await session.claim(epoch)[0]
      try await session.settle(
        epoch, job, outcomes: JSONText(#"[{"id": \#(id), "outcome": "expire"}]"#))
      #expect(try await session.state(of: id) == "expired")
      #expect(
        try await session.value("select id from find_jobs(p_state => 'expired')") == id)
    }
  }

  @Test("Options come back with the claim, in one form whoever wrote them")
  func meta() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      _ = try await enqueue(
        session,
        """
        p_meta => '{"mine": 1}', p_expires_at => '2100-01-02 03:04:05+02', p_tags => array['a', 'b'],
        p_traceparent => '\(trace)'
        """)
      _ = try await enqueue(session, #"p_meta => '{"expires_at": "2100-01-02T01:04:05Z"}'"#)
      let rows = try await session.connection.query(
        "select meta::text from claim($1, 1, 'q', 9)", [epoch])
      #expect(
        try rows[0][0].decode(String.self)
          == #"{"mine": 1, "tags": ["a", "b"], "expires_at": "2100-01-02T01:04:05.000000Z", "traceparent": "\#(trace)"}"#
      )
      #expect(
        try rows[1][0].decode(String.self) == #"{"expires_at": "2100-01-02T01:04:05.000000Z"}"#)
    }
  }
}
