import JobQueue
import JobQueueTesting
import JobWorker
import LibpqClient
import Synchronization
import Testing

private struct Pay: JobPayload {
  static let kind = "test.pay"
  static let options = JobOptions(maxAttempts: 3, backoff: .constant(.milliseconds(1)))
  var amount = 1
}

private struct Bill: Job {
  static let kind = "test.bill"
  static let options = JobOptions(maxAttempts: 1)
  var amount: Int

  func run(in context: JobContext) async throws -> Int {
    try await context.transaction { connection in
      try await connection.pay(context.id, amount)
      return amount * 2
    }
  }
}

extension Connection {
  fileprivate func pay(_ id: Int64, _ amount: Int = 1) async throws {
    try await query("insert into public.payment (job, amount) values ($1, $2)", [id, amount])
  }
}

private struct Broken: Error {}

@Suite("Jobs that settle in their own transaction")
struct TransactionTests {
  private func with(_ body: (TestQueue) async throws -> Void) async throws {
    try await TestQueue.with { test in
      try await test.pool.query("create table public.payment (job bigint, amount bigint)")
      try await body(test)
    }
  }

  private func payments(_ test: TestQueue) async throws -> Int {
    try await test.count("select count(*) from public.payment")
  }

  @Test("the writes and the end of the job are committed together, and claims are closed")
  func together() async throws {
    try await with { test in
      var registry = JobRegistry()
      registry.register(Pay.self) { _, context in
        try await context.transaction { try await $0.pay(context.id) }
      }
      try await test.queue.enqueueMany((0..<200).map { _ in Pay() })
      let totals = try await test.drain(registry)
      #expect(totals.succeeded == 200)
      #expect(try await payments(test) == 200)
      #expect(try await test.count("select count(distinct job) from public.payment") == 200)
      let open = """
        select count(*) from ong.claim c where n > 0 and not exists (
          select from ong.closure x where x.lane = c.lane and x.seq = c.seq and x.final)
        """
      #expect(try await test.count(open) == 0)
    }
  }

  @Test("an error in the body leaves neither writes nor an end, and the job is tried again")
  func rolledBack() async throws {
    try await with { test in
      var registry = JobRegistry()
      registry.register(Pay.self) { _, context in
        try await context.transaction {
          try await $0.pay(context.id)
          if context.attempt < 3 { throw Broken() }
        }
      }
      try await test.queue.enqueue(Pay())
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(totals.retried == 2)
      #expect(totals.succeeded == 1)
      #expect(try await payments(test) == 1)
    }
  }

  @Test("what comes after the transaction changes nothing, and a second one is refused")
  func afterwards() async throws {
    try await with { test in
      let refused = Journal<JobTransactionError>()
      var registry = JobRegistry()
      registry.register(Pay.self) { _, context in
        try await context.transaction { try await $0.pay(context.id) }
        do {
          try await context.transaction { try await $0.pay(context.id) }
        } catch let error as JobTransactionError {
          refused.add(error)
        }
        throw Broken()
      }
      let job = try await test.queue.enqueue(Pay())
      let totals = try await test.drain(registry)
      #expect(totals.succeeded == 1)
      #expect(totals.retried == 0)
      #expect(refused.entries == [.alreadySettled])
      #expect(try await payments(test) == 1)
      #expect(try await test.state(job.id) == .succeeded)
    }
  }

  @Test("the result of a transaction's body is kept; a body without one is refused")
  func result() async throws {
    try await with { test in
      var registry = JobRegistry()
      registry.register(Bill.self)
      registry.register(Pay.self) { job, context in
        try await context.transaction { try await $0.pay(context.id) }
        return "paid"
      }
      let bill = try await test.queue.enqueue(Bill(amount: 21))
      let pay = try await test.queue.enqueue(Pay())
      try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(try await test.queue.result(of: bill, within: .seconds(1)) == 42)
      let end = try await test.queue.end(ofJob: pay.id, within: .seconds(1))
      #expect(end.state == .dead)
      #expect(end.error?.contains("expected the transaction's body to return") == true)
      #expect(try await payments(test) == 1)
    }
  }

  @Test("a worker that was declared dead commits nothing")
  func fenced() async throws {
    try await with { test in
      let (arrived, gate) = (Gate(), Gate())
      let errors = Journal<JobTransactionError>()
      var registry = JobRegistry()
      registry.register(Pay.self) { _, context in
        guard context.crashes == 0 else { return }
        do {
          // A task of its own does not see that the worker drops the job.
          try await Task {
            try await context.transaction { connection in
              try await connection.pay(context.id)
              arrived.open()
              await gate.pass()
            }
          }.value
        } catch let error as JobTransactionError {
          errors.add(error)
          throw error
        }
      }
      let job = try await test.queue.enqueue(Pay())
      // Its only slot is busy and no heartbeat is due: it does not find out before the transaction.
      let settings = WorkerConfiguration(
        queues: ["default": 1], heartbeat: .seconds(10), maintains: false)
      try await test.withWorker(registry, settings: settings) { _ in
        await arrived.pass()
        try await test.pool.query("select ong.rescue(epoch) from ong.worker_status()")
        gate.open()
        try await eventually("the transaction is refused") { errors.entries.count == 1 }
        guard case .refused(let why)? = errors.entries.first else {
          Issue.record("\(errors.entries)")
          return
        }
        #expect(why.contains("is dead"))
        #expect(try await payments(test) == 0)
        try await test.wait(for: job.id, toBe: .succeeded)
      }
      #expect(try await payments(test) == 0)
    }
  }

  @Test("a job that has timed out can't commit any more")
  func timedOut() async throws {
    try await with { test in
      let gate = Gate()
      let errors = Journal<JobTransactionError>()
      var registry = JobRegistry()
      registry.register(Slow.self) { _, context in
        do {
          // A task of its own does not see the cancellation.
          try await Task {
            try await context.transaction { connection in
              try await connection.pay(context.id)
              await gate.pass()
            }
          }.value
        } catch let error as JobTransactionError {
          errors.add(error)
        }
      }
      let job = try await test.queue.enqueue(Slow())
      let settings = WorkerConfiguration(stopGrace: .milliseconds(20))
      try await test.withWorker(registry, settings: settings) { worker in
        try await test.wait(for: job.id, toBe: .dead)
        gate.open()
        try await eventually("the handler has ended") { worker.leaked == 0 }
      }
      #expect(errors.entries.count == 1)
      #expect(try await payments(test) == 0)
    }
  }

  @Test("a connection that breaks at the commit is resolved by asking the server")
  func lostAtCommit() async throws {
    try await with { test in
      // The settle's backend ends itself after the commit or before it, by the job's number.
      try await test.pool.query(
        """
        create function public.break_commit() returns trigger language plpgsql as $$
        begin
          if new.amount = 2 then perform pg_terminate_backend(pg_backend_pid()); end if;
          return null;
        end $$
        """)
      try await test.pool.query(
        """
        create constraint trigger t after insert on public.payment deferrable initially deferred
        for each row execute function public.break_commit()
        """)
      let errors = Journal<JobTransactionError>()
      var registry = JobRegistry()
      registry.register(Pay.self) { job, context in
        do {
          try await context.transaction {
            try await $0.pay(context.id, context.attempt == 1 ? 2 : 1)
          }
        } catch let error as JobTransactionError {
          errors.add(error)
          throw JobControl.retry(after: .milliseconds(1))
        }
      }
      let jobs = try await test.queue.enqueueMany([Pay(), Pay(), Pay()])
      let totals = try await test.drain(registry, includingDueWithin: .seconds(5))
      #expect(errors.entries == [.notCommitted, .notCommitted, .notCommitted])
      #expect(totals.succeeded == 3)
      #expect(try await payments(test) == 3)
      for job in jobs { #expect(try await test.state(job.id) == .succeeded) }
    }
  }
}

private struct Slow: JobPayload {
  static let kind = "test.slow"
  static let options = JobOptions(maxAttempts: 1, timeout: .milliseconds(50))
}
