import JobQueueTesting
import PrivatePostgres
import Synchronization
import Testing

@testable import LibpqClient

@Suite("A pool's state, without connections")
struct PoolStateTests {
  private typealias State = PoolState<Int>

  private func names(_ actions: [PoolState<Int>.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .lease(let waiter, let resource): "lease \(resource) to \(waiter)"
      case .open: "open"
      case .openLater: "open later"
      case .fail(let waiter, let error): "fail \(waiter) \(error.kind)"
      case .close(let resource): "close \(resource)"
      case .drained: "drained"
      }
    }
  }

  @Test("connections are opened up to the size, waiters served in order")
  func order() {
    var state = State(size: 2) { _ in true }
    #expect(names(state.acquire(1)) == ["open"])
    #expect(names(state.acquire(2)) == ["open"])
    #expect(names(state.acquire(3)) == [])
    #expect(names(state.opened(10)) == ["lease 10 to 1"])
    #expect(names(state.opened(11)) == ["lease 11 to 2"])
    #expect(names(state.released(11, isReusable: true)) == ["lease 11 to 3"])
    #expect(names(state.released(10, isReusable: true)) == [])
    #expect(names(state.acquire(4)) == ["lease 10 to 4"])
  }

  @Test("a free connection is taken without a line, the last used first, never a broken one")
  func free() {
    let broken = Mutex<Set<Int>>([])
    var state = State(size: 2) { resource in broken.withLock { !$0.contains(resource) } }
    #expect(state.takeIdle() == nil)
    for waiter in 1...2 { _ = state.acquire(waiter) }
    for resource in 10...11 { _ = state.opened(resource) }
    #expect(state.takeIdle() == nil)
    for resource in 10...11 { _ = state.released(resource, isReusable: true) }
    #expect(state.takeIdle() == 11)
    broken.withLock { $0 = [10] }
    #expect(state.takeIdle() == nil)
    #expect(names(state.acquire(3)) == ["close 10", "open"])
    #expect(names(state.released(11, isReusable: true)) == ["lease 11 to 3"])
    #expect(names(state.opened(12)) == [])
    #expect(state.takeIdle() == 12)
    _ = state.released(12, isReusable: true)
    #expect(names(state.close()) == ["close 12"])
    #expect(state.takeIdle() == nil)
  }

  @Test("broken connections are replaced for those who wait")
  func broken() {
    var dead: Set<Int> = []
    let mutex = Mutex(dead)
    var state = State(size: 1) { resource in mutex.withLock { !$0.contains(resource) } }
    _ = state.acquire(1)
    _ = state.opened(10)
    #expect(names(state.acquire(2)) == [])
    #expect(names(state.released(10, isReusable: false)) == ["close 10", "open"])
    _ = state.opened(11)
    _ = state.released(11, isReusable: true)
    dead = [11]
    mutex.withLock { $0 = dead }
    #expect(names(state.acquire(3)) == ["close 11", "open"])
  }

  @Test("a first failure is told at once, a later one is waited out, one of settings never")
  func failures() {
    var retryable = DatabaseError.lost("refused")
    retryable.isRetryable = true
    var state = State(size: 2) { _ in true }
    _ = state.acquire(1)
    #expect(names(state.openFailed(retryable)) == ["fail 1 connection"])
    _ = state.acquire(2)
    _ = state.opened(10)
    _ = state.acquire(3)
    #expect(names(state.openFailed(retryable)) == ["open later"])
    let mayOpen = state.mayOpenAgain()
    #expect(mayOpen)
    #expect(names(state.openFailed(.lost("password"))) == ["fail 3 connection"])
  }

  @Test("one who gave up gets nothing, and nothing is opened for nobody")
  func gaveUp() {
    var state = State(size: 1) { _ in true }
    _ = state.acquire(1)
    #expect(state.gaveUp(1) != nil)
    #expect(state.gaveUp(1) == nil)
    #expect(names(state.opened(10)) == [])
    #expect(names(state.acquire(2)) == ["lease 10 to 2"])
  }

  @Test("closing fails who waits, closes what is idle, and is done when the last lease is back")
  func close() {
    var state = State(size: 2) { _ in true }
    _ = state.acquire(1)
    _ = state.opened(10)
    _ = state.acquire(2)
    _ = state.opened(11)
    _ = state.acquire(3)
    _ = state.released(11, isReusable: true)
    #expect(names(state.close()) == [])
    #expect(names(state.acquire(4)) == ["fail 4 closed"])
    #expect(names(state.released(11, isReusable: true)) == ["close 11"])
    #expect(names(state.released(10, isReusable: true)) == ["close 10", "drained"])
  }
}

@Suite("A pool of connections", .timeLimit(.minutes(3)))
struct PoolTests {
  @Test("many tasks share few connections")
  func sharing() async throws {
    try await SharedDatabase.use { database in
      let pool = ConnectionPool(database.configuration, size: 3)
      let processes = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<60 {
          group.addTask { try await pool.query("SELECT pg_backend_pid()")[0, 0].decode() }
        }
        return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
      }
      #expect((1...3).contains(processes.count))
      await pool.close()
      let error = await #expect(throws: DatabaseError.self) { try await pool.query("SELECT 1") }
      #expect(error?.kind == .closed)
    }
  }

  @Test("a task that is cancelled in line leaves the line")
  func cancelled() async throws {
    try await SharedDatabase.use { database in
      let pool = ConnectionPool(database.configuration, size: 1, acquireTimeout: .seconds(50))
      try await pool.withConnection { _ in
        let waiting = Task { try await pool.query("SELECT 1") }
        waiting.cancel()
        let error = await #expect(throws: DatabaseError.self) { try await waiting.value }
        #expect(error?.kind == .cancelled)
      }
      try await pool.query("SELECT 1")
      await pool.close()
    }
  }

  @Test("waiting has a limit, and the error says what to change")
  func limit() async throws {
    try await SharedDatabase.use { database in
      let pool = ConnectionPool(
        database.configuration, size: 1, acquireTimeout: .milliseconds(100))
      // On a busy machine opening may take longer than the limit; it goes on all the same.
      while (try? await pool.query("SELECT 1")) == nil {}
      try await pool.withConnection { _ in
        let error = await #expect(throws: DatabaseError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .timeout && error?.hint?.contains("larger") == true)
      }
      await pool.close()
    }
  }

  @Test("a connection that comes back inside a transaction is not reused")
  func openTransaction() async throws {
    try await SharedDatabase.use { database in
      let pool = ConnectionPool(database.configuration, size: 1)
      let first = try await pool.withConnection { connection in
        try await connection.query("BEGIN")
        return connection.backendProcessID
      }
      let second = try await pool.withConnection { $0.backendProcessID }
      #expect(first != second)
      await pool.close()
    }
  }

  @Test("a transaction of the pool commits and rolls back")
  func transaction() async throws {
    try await SharedDatabase.use { database in
      let pool = ConnectionPool(database.configuration, size: 1)
      try await pool.withTransaction { _ = try await $0.query("CREATE TEMP TABLE t (a int8)") }
      struct Stop: Error {}
      await #expect(throws: Stop.self) {
        try await pool.withTransaction(isolation: .serializable) { connection in
          try await connection.query("INSERT INTO t VALUES (1)")
          throw Stop()
        }
      }
      let count = try await pool.query("SELECT count(*) FROM t")[0, 0].decode(Int.self)
      #expect(count == 0)
      await pool.close()
    }
  }
}

@Suite("Backoff")
struct BackoffTests {
  @Test("waits grow to the cap, are spread from zero, and start over after a success")
  func growth() {
    var generator = SystemRandomNumberGenerator()
    var backoff = Backoff(initial: .milliseconds(100), cap: .seconds(1))
    var ceilings: [Duration] = []
    for attempt in 0..<40 {
      let ceiling = min(Duration.milliseconds(100) * (1 << min(attempt, 20)), .seconds(1))
      let wait = backoff.next(using: &generator)
      #expect(wait >= .zero && wait <= ceiling)
      ceilings.append(wait)
    }
    #expect(Set(ceilings).count > 30)
    backoff.reset()
    #expect(backoff.next(using: &generator) <= .milliseconds(100))
  }
}
