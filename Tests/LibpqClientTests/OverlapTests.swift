import Dispatch
import JobQueueTesting
import Synchronization
import Testing

@testable import LibpqClient

/// Pipelines that are sent one behind the other, and their ends in the order in which they come.
private final class Overlapped: Sendable {
  let connection: Connection
  private let ends: AsyncStream<(name: String, outcomes: Outcomes)>
  private let end: AsyncStream<(name: String, outcomes: Outcomes)>.Continuation

  init(on connection: Connection) {
    self.connection = connection
    (ends, end) = AsyncStream.makeStream()
  }

  @discardableResult
  func send(_ name: String, _ requests: PipelineRequest..., overlapping: Bool = true)
    -> OperationTicket
  {
    connection.submit(requests, overlapping: overlapping) { [end] in end.yield((name, $0)) }
  }

  func ended(_ count: Int) async -> [(name: String, outcomes: Outcomes)] {
    var all: [(name: String, outcomes: Outcomes)] = []
    for await one in ends.prefix(count) { all.append(one) }
    return all
  }

  /// What has been sent behind the running pipeline and what waits in line.
  var state: (following: Int, waiting: Int) {
    connection.core.queue.sync {
      (connection.core.following.count, connection.core.waiting.count)
    }
  }
}

@Suite("Pipelines sent one behind the other")
struct OverlapTests {
  /// A connection that knows the statements already, and one that holds what they wait for.
  private func withTwo(_ body: (Overlapped, Connection) async throws -> Void) async throws {
    try await SharedDatabase.use { database in
      let holder = try await database.connect()
      let connection = try await database.connect()
      let overlapped = Overlapped(on: connection)
      for sql in [Self.wait, "select 2", "select 3", "select 4", Self.sleep] {
        try await connection.query(sql)
      }
      try await connection.query("select pg_advisory_unlock_all()")
      try await connection.query("select set_config('test.seconds', '60', false)")
      try await holder.query(Self.wait)
      try await body(overlapped, holder)
      await connection.close()
      await holder.close()
    }
  }

  private static let wait = "select pg_advisory_lock(815)"
  private static let sleep = "select pg_sleep(current_setting('test.seconds', true)::float8)"

  private func value(_ outcome: Result<QueryResult, DatabaseError>) throws -> Int {
    try Int(outcome.get()[0, 0].decode(Int32.self))
  }

  @Test("two more are sent before the first is answered, and answered in their order")
  func order() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait))
      overlapped.send("second", .query("select 2"))
      overlapped.send("third", .query("select 3"))
      overlapped.send("fourth", .query("select 4"))
      let state = overlapped.state
      #expect(state == (2, 1))
      try await holder.query("select pg_advisory_unlock_all()")
      let ends = await overlapped.ended(4)
      #expect(ends.map(\.name) == ["first", "second", "third", "fourth"])
      for place in 1...3 { #expect(try value(ends[place].outcomes[0]) == place + 1) }
      #expect(overlapped.state == (0, 0))
    }
  }

  @Test("what is not meant to overlap waits, and so does what comes after it")
  func others() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait))
      overlapped.send("plain", .query("select 2"), overlapping: false)
      overlapped.send("third", .query("select 3"))
      let state = overlapped.state
      #expect(state == (0, 2))
      try await holder.query("select pg_advisory_unlock_all()")
      #expect(await overlapped.ended(3).map(\.name) == ["first", "plain", "third"])
    }
  }

  @Test("a statement that is being prepared is not relied on by the one behind")
  func preparation() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait), .sync, .query("select 1 / 0"))
      overlapped.send("second", .query("select 1 / 0"))
      #expect(overlapped.state.following == 0)
      try await holder.query("select pg_advisory_unlock_all()")
      let ends = await overlapped.ended(2)
      for end in ends {
        guard case .failure(let error) = end.outcomes.last else {
          Issue.record("divided by zero")
          continue
        }
        #expect(error.sqlState == "22012")
      }
    }
  }

  @Test("the failure of the first leaves the second alone")
  func failure() async throws {
    try await withTwo { overlapped, holder in
      try await overlapped.connection.query("create temporary table one (n integer unique)")
      let insert = "insert into one values (1)"
      try await overlapped.connection.query(insert)
      overlapped.send("first", .query(Self.wait), .query(insert))
      overlapped.send("second", .query("select 2"))
      #expect(overlapped.state.following == 1)
      try await holder.query("select pg_advisory_unlock_all()")
      let ends = await overlapped.ended(2)
      guard case .failure(let error) = ends[0].outcomes[1] else {
        Issue.record("inserted twice")
        return
      }
      #expect(error.sqlState == "23505")
      #expect(try value(ends[1].outcomes[0]) == 2)
    }
  }

  @Test("a lost connection ends both")
  func loss() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait))
      overlapped.send("second", .query("select 2"))
      #expect(overlapped.state.following == 1)
      let process = overlapped.connection.backendProcessID
      try await holder.query("select pg_terminate_backend($1)", [process])
      let ends = await overlapped.ended(2)
      #expect(ends.map(\.name) == ["first", "second"])
      for end in ends {
        guard case .failure(let error) = end.outcomes[0] else {
          Issue.record("\(end.name) has an answer")
          continue
        }
        #expect(error.isConnectionLost)
      }
    }
  }

  @Test("the second is cancelled when its turn comes, without harm to the first")
  func cancel() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait))
      let ticket = overlapped.send("second", .query("select 2"), .query(Self.sleep))
      #expect(overlapped.state.following == 1)
      overlapped.connection.cancel(ticket)
      try await holder.query("select pg_advisory_unlock_all()")
      let ends = await overlapped.ended(2)
      #expect(throws: Never.self) { try ends[0].outcomes[0].get() }
      guard case .failure(let error) = ends[1].outcomes[1] else {
        Issue.record("slept for a minute")
        return
      }
      #expect(error.kind == .cancelled)
    }
  }

  @Test("the connection goes on with other work after both")
  func afterwards() async throws {
    try await withTwo { overlapped, holder in
      overlapped.send("first", .query(Self.wait))
      overlapped.send("second", .query("select 2"))
      try await holder.query("select pg_advisory_unlock_all()")
      _ = await overlapped.ended(2)
      try await overlapped.connection.execute(script: "select 1; select 2")
      let three = try await overlapped.connection.query("select 3")
      #expect(try three[0, 0].decode(Int32.self) == 3)
    }
  }
}
