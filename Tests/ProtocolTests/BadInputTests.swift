import Foundation
import LibpqClient
import Testing

/// What the SQL functions say to input that is wrong. Nothing of it may be enqueued.
@Suite("Bad input")
struct BadInputTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let call: String
    let sqlState: String
  }

  static let cases = [
    Case(
      testDescription: "a payload that is not JSON",
      call: "enqueue('q', 'k', '{not json')", sqlState: "22P02"),
    Case(testDescription: "no payload", call: "enqueue('q', 'k', null)", sqlState: "OG006"),
    Case(
      testDescription: "a payload above the limit",
      call: "enqueue('q', 'k', to_jsonb(repeat('x', 1048577)))", sqlState: "OG005"),
    Case(
      testDescription: "a payload with a NUL character",
      call: #"enqueue('q', 'k', '{"a": "\u0000"}')"#, sqlState: "22P05"),
    Case(
      testDescription: "one payload of many above the limit",
      call: "enqueue_many('q', 'k', array['1', to_jsonb(repeat('x', 1048577))]::jsonb[])",
      sqlState: "OG005"),
    Case(
      testDescription: "no payloads", call: "enqueue_many('q', 'k', null)", sqlState: "OG006"),
    Case(
      testDescription: "an unknown queue", call: "enqueue('nobody', 'k')", sqlState: "OG004"),
    Case(
      testDescription: "an unknown queue with a name of 1 MB",
      call: "enqueue(repeat('x', 1000000), 'k')", sqlState: "OG004"),
    Case(testDescription: "no queue", call: "enqueue(null, 'k')", sqlState: "OG004"),
    Case(testDescription: "an empty kind", call: "enqueue('q', '')", sqlState: "OG006"),
    Case(
      testDescription: "a kind of 1 MB", call: "enqueue('q', repeat('x', 1000000))",
      sqlState: "OG006"),
    Case(
      testDescription: "a priority that does not exist",
      call: "enqueue('q', 'k', '{}', 4::smallint)", sqlState: "OG006"),
    Case(
      testDescription: "a time in the year 10000",
      call: "enqueue('q', 'k', p_run_at => '10000-01-01')", sqlState: "OG006"),
    Case(
      testDescription: "an infinite time",
      call: "enqueue('q', 'k', p_run_at => 'infinity')", sqlState: "OG006"),
    Case(
      testDescription: "a unique key of 1 MB",
      call: "enqueue('q', 'k', p_unique_key => repeat('x', 1000000))", sqlState: "OG006"),
    Case(
      testDescription: "a key of 1 MB", call: "enqueue('q', 'k', p_key => repeat('x', 1000000))",
      sqlState: "OG006"),
    Case(
      testDescription: "an unknown rule for conflicts",
      call: "enqueue('q', 'k', p_unique_key => 'u', p_on_conflict => 'shrug')",
      sqlState: "OG006"),
    Case(
      testDescription: "an unknown unique scope",
      call: "enqueue('q', 'k', p_unique_key => 'u', p_unique_scope => 'ever')", sqlState: "OG006"),
    Case(
      testDescription: "a window without its length",
      call: "enqueue('q', 'k', p_unique_key => 'u', p_unique_scope => 'window')",
      sqlState: "OG006"),
    Case(
      testDescription: "a window of no length",
      call: """
        enqueue('q', 'k', p_unique_key => 'u', p_unique_scope => 'window', p_unique_for => '0')
        """, sqlState: "OG006"),
    Case(
      testDescription: "a length without a window",
      call: "enqueue('q', 'k', p_unique_key => 'u', p_unique_for => '1 hour')",
      sqlState: "OG006"),
    Case(
      testDescription: "fewer unique keys than payloads",
      call: "enqueue_many('q', 'k', array['1', '2']::jsonb[], p_unique_keys => array['u'])",
      sqlState: "OG006"),
    Case(
      testDescription: "fewer keys than payloads",
      call: "enqueue_many('q', 'k', array['1', '2']::jsonb[], p_keys => array['u'])",
      sqlState: "OG006"),
    Case(
      testDescription: "meta that is no object", call: "enqueue('q', 'k', p_meta => '[]')",
      sqlState: "OG006"),
    Case(
      testDescription: "meta of 1 MB",
      call: "enqueue('q', 'k', p_meta => jsonb_build_object('a', repeat('x', 1000000)))",
      sqlState: "OG006"),
    Case(
      testDescription: "an expiry in meta that is no time",
      call: #"enqueue('q', 'k', p_meta => '{"expires_at": "soon"}')"#, sqlState: "OG006"),
    Case(
      testDescription: "an infinite expiry",
      call: "enqueue('q', 'k', p_expires_at => 'infinity')", sqlState: "OG006"),
    Case(
      testDescription: "a job that expires before it may start",
      call: "enqueue('q', 'k', p_run_at => '2090-01-02', p_expires_at => '2090-01-01')",
      sqlState: "OG006"),
    Case(
      testDescription: "33 tags",
      call: "enqueue('q', 'k', p_tags => array_fill('t'::text, array[33]))", sqlState: "OG006"),
    Case(
      testDescription: "an empty tag", call: "enqueue('q', 'k', p_tags => array[''])",
      sqlState: "OG006"),
    Case(
      testDescription: "no tag where one is announced",
      call: "enqueue('q', 'k', p_tags => array[null::text])", sqlState: "OG006"),
    Case(
      testDescription: "a malformed trace", call: "enqueue('q', 'k', p_traceparent => '00-1-2-3')",
      sqlState: "OG006"),
    Case(
      testDescription: "a limit of no jobs", call: "set_backpressure('q', 0)", sqlState: "OG006"),
    Case(
      testDescription: "a limit for an unknown queue", call: "set_backpressure('nobody', 1)",
      sqlState: "OG004"),
    Case(
      testDescription: "a queue without a name", call: "create_queue('')", sqlState: "OG006"),
    Case(testDescription: "a job that is not known", call: "retry_job(-1)", sqlState: "OG009"),
    Case(
      testDescription: "a state that does not exist", call: "find_jobs(p_state => 'lost')",
      sqlState: "OG006"),
  ]

  @Test("Wrong input is refused with its own error code", arguments: cases)
  func refused(_ example: Case) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      #expect(
        try await sqlState { try await session.run("select \(example.call)") }
          == example.sqlState)
      let count: Int64 = try await session.value("select count(*) from find_jobs()")
      #expect(count == 0)
    }
  }

  @Test("Among many jobs with one unique key one waits, under any number of producers")
  func uniqueUnderConcurrency() async throws {
    try await withQueueDatabase { configuration in
      let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
        for _ in 0..<8 {
          group.addTask { try await Session(configuration).enqueue(uniqueKey: "one") }
        }
        return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
    }
  }

  @Test("A setting lets missing queues be made by the first job")
  func unknownQueuePolicy() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.run("update setting set unknown_queue = 'create'")
      let epoch = try await session.register()
      let id = try await session.enqueue("fresh")
      #expect(try await session.claim(epoch, queue: "fresh").map(\.id) == [id])
    }
  }
}
