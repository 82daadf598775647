import Foundation
import JobQueueTesting
import LibpqClient

/// A database with the queue `steps` and the table that its jobs leave their traces in.
struct StepQueue {
  let connection: Connection

  init(_ configuration: ConnectionConfiguration) async throws {
    connection = try await Connection.open(configuration)
    try await connection.execute(
      script: """
        select ong.create_queue('steps');
        select ong.create_queue('pays');
        create table if not exists public.effect (
          job bigint, attempt int, pid int, at timestamptz default clock_timestamp());
        """)
  }

  /// Enqueues jobs that take so long each.
  func enqueue(_ count: Int, milliseconds: Int) async throws -> [Int64] {
    try await connection.query(
      """
      select ong.enqueue_many('steps', 'step',
        array_fill(jsonb_build_object('milliseconds', $1::int), array[$2::int]))
      """, [Int32(milliseconds), Int32(count)]
    ).map { try $0[0].decode(Int64.self) }
  }

  /// Enqueues a job that ends the process that runs it.
  func enqueueAborting() async throws -> Int64 {
    try await connection.query(
      "select ong.enqueue('steps', 'step', '{\"milliseconds\": 0, \"aborts\": true}')"
    )[0, 0].decode(Int64.self)
  }

  /// Enqueues jobs that leave their trace in the transaction that settles them.
  func enqueuePayments(_ count: Int) async throws -> [Int64] {
    try await connection.query(
      "select ong.enqueue_many('pays', 'pay', array_fill('{}'::jsonb, array[$1::int]))",
      [Int32(count)]
    ).map { try $0[0].decode(Int64.self) }
  }

  /// How many starts this process has left a trace of.
  func starts(of process: WorkerProcess) async throws -> Int {
    Int(
      try await connection.query(
        "select count(*) from public.effect where pid = $1", [process.pid]
      )[0, 0].decode(Int64.self))
  }

  func count(_ ids: [Int64], inState state: String) async throws -> Int {
    Int(
      try await connection.query(
        "select count(*) from unnest($1::bigint[]) id where ong.job_story(id) ->> 'state' = $2",
        [ids, state]
      )[0, 0].decode(Int64.self))
  }

  /// Waits until all jobs have succeeded; throws after the limit with what is missing.
  func awaitSuccess(_ ids: [Int64], within limit: Duration = .seconds(60)) async throws {
    do {
      try await wait(limit, for: "\(ids.count) jobs to succeed") {
        try await count(ids, inState: "succeeded") == ids.count
      }
    } catch let error as CrashTestError {
      let stories = try await connection.query(
        """
        select ong.job_story(id)::text from unnest($1::bigint[]) id
        where ong.job_story(id) ->> 'state' is distinct from 'succeeded' limit 3
        """, [ids])
      let told = try stories.map { try $0[0].decode(String?.self) ?? "nothing known" }
      throw CrashTestError(description: "\(error): \(told.joined(separator: "; "))")
    }
  }

  /// Polls a condition; an outage of the server counts as "not yet".
  func wait(
    _ limit: Duration, for what: String, until isMet: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if try await isMet() { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw CrashTestError(description: "waited \(limit) for \(what)")
  }

  /// How many settles of each job were accepted as its success: its settled claims less those that
  /// ended in something else, each of which left an event.
  func acceptances(of ids: [Int64]) async throws -> [Int64: Int] {
    let rows = try await connection.query(
      """
      select id, (
        select count(*) from jsonb_array_elements(ong.job_story(id) -> 'claims') c
        where c ->> 'settled_at' is not null
      ) - (
        select count(*) from jsonb_array_elements(ong.job_story(id) -> 'events') e
        where e ->> 'event' in ('crashed', 'handed_back', 'retried'))
      from unnest($1::bigint[]) id
      """, [ids])
    return try Dictionary(
      uniqueKeysWithValues: rows.map {
        (try $0[0].decode(Int64.self), Int(try $0[1].decode(Int64.self)))
      })
  }

  func count(_ sql: String, _ parameters: [any SQLParameter] = []) async throws -> Int {
    Int(try await connection.query(sql, parameters)[0, 0].decode(Int64.self))
  }
}

struct CrashTestError: Error, CustomStringConvertible {
  let description: String
}
