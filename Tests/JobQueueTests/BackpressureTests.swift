import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

private struct Ping: JobPayload {
  static let kind = "test.ping"
  var number: Int
}

@Suite("Back-pressure")
struct BackpressureTests {
  private func isFull(_ body: () async throws -> Void) async throws -> Bool {
    do {
      try await body()
      return false
    } catch let error as JobQueueError where error.code == .queueFull {
      #expect(error.hint != nil)
      return true
    }
  }

  @Test("a queue with a depth limit takes exactly so many waiting jobs, whatever the way in")
  func depth() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxWaiting: 5)
      #expect(
        try await isFull { try await test.queue.enqueueMany((0..<6).map { Ping(number: $0) }) })
      try await test.queue.enqueueMany((0..<4).map { Ping(number: $0) })
      let last = try await test.queue.enqueue(Ping(number: 4), priority: .low)
      #expect(try await isFull { try await test.queue.enqueue(Ping(number: 5), priority: .urgent) })
      #expect(try await isFull { try await test.queue.enqueueBulk([Ping(number: 5)]) })
      #expect(
        try await isFull {
          try await test.queue.enqueueBulk([Ping(number: 5)], unique: { _ in .payload() })
        })
      // Neither a job for a later time nor one that is dropped for its equal makes the queue longer.
      try await test.queue.enqueue(Ping(number: 6), delay: .seconds(60))
      try await test.queue.cancelJob(last.id)
      #expect(try await test.queue.queues().first?.waiting == 5)
      try await test.queue.setBackpressure("default")
      try await test.queue.enqueue(Ping(number: 7))
    }
  }

  @Test("a job that a unique key keeps out is not refused")
  func equals() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxWaiting: 1)
      let first = try await test.queue.enqueue(Ping(number: 0), unique: .key("k"))
      #expect(try await test.queue.enqueue(Ping(number: 1), unique: .key("k")) == first)
      #expect(try await isFull { try await test.queue.enqueue(Ping(number: 1), unique: .key("l")) })
    }
  }

  @Test("a queue with an age limit takes nothing more while its oldest job waits too long")
  func age() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxAge: .milliseconds(300))
      try await test.queue.enqueue(Ping(number: 0))
      try await eventually("the queue refuses") {
        try await isFull { try await test.queue.enqueue(Ping(number: 1)) }
      }
      let all = Int(try #require(try await test.queue.queues().first).waiting)
      try await test.pool.withConnection { connection in
        try await connection.execute(script: Self.takeAll)
      }
      try await test.queue.enqueue(Ping(number: 2))
      #expect(all >= 1)
    }
  }

  private static let takeAll = """
    set search_path = ong;
    do $$
    declare
      v_epoch uuid := gen_random_uuid();
    begin
      perform register_worker(v_epoch, 'host', 1, 'v', 1, array['default'], array['test.ping']);
      perform claim(v_epoch, 1, 'default', 1000);
    end $$;
    """

  @Test("whoever waits gets in when there is room, and is told when the time is up")
  func waiting() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxWaiting: 2)
      try await test.queue.enqueueMany([Ping(number: 0), Ping(number: 1)])
      let begun = ContinuousClock.now
      #expect(
        try await isFull {
          try await test.queue.enqueue(Ping(number: 2), waitingUpTo: .milliseconds(80))
        })
      #expect(ContinuousClock.now - begun >= .milliseconds(80))
      async let waiter = test.queue.enqueue(Ping(number: 2), waitingUpTo: .seconds(20))
      async let pair = test.queue.enqueueMany(
        [Ping(number: 3), Ping(number: 4)], waitingUpTo: .seconds(20))
      try await test.pool.withConnection { connection in
        try await connection.execute(script: Self.takeAll)
      }
      // The first that gets in may leave no room for the other.
      try await eventually("three more jobs") {
        try await test.pool.withConnection { try await $0.execute(script: Self.takeAll) }
        return try await test.queue.jobs().count == 5
      }
      _ = try await (waiter, pair)
    }
  }

  @Test("waiting in vain leaves the caller's transaction usable")
  func inTransaction() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxWaiting: 1)
      try await test.queue.enqueue(Ping(number: 0))
      try await test.pool.withTransaction { connection in
        #expect(
          try await isFull {
            try await test.queue.enqueue(
              Ping(number: 1), waitingUpTo: .milliseconds(20), in: connection)
          })
        try await test.queue.enqueue(Ping(number: 1), delay: .seconds(60), in: connection)
      }
      #expect(try await test.queue.queues().first?.scheduled == 1)
    }
  }

  @Test("many producers exceed the limit by no more than each one's open transaction")
  func concurrent() async throws {
    try await TestQueue.with { test in
      try await test.queue.setBackpressure("default", maxWaiting: 400)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          group.addTask {
            for number in 0..<400 {
              if try await isFull({ try await test.queue.enqueue(Ping(number: number)) }) { return }
            }
          }
        }
        try await group.waitForAll()
      }
      let waiting = try #require(try await test.queue.queues().first).waiting
      #expect((400...403).contains(waiting))
    }
  }
}
