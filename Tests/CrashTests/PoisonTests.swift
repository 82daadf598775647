import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// Jobs that end the process that runs them, and effects that must happen exactly once.
@Suite("Poison", .serialized)
struct PoisonTests {
  @Test(
    "A job that aborts takes each neighbour along once at the most, dies, and the next worker lives"
  )
  func abort() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let queue = try await StepQueue(database.configuration)
      let neighbours = try await queue.enqueue(50, milliseconds: 5)
      let poison = try await queue.enqueueAborting()
      let others = try await queue.enqueue(50, milliseconds: 5)
      let first = try WorkerProcess(database.configuration, slots: 4)
      try await queue.wait(.seconds(30), for: "the first worker to die") { !first.isRunning }
      let second = try WorkerProcess(database.configuration, slots: 4)
      try await queue.awaitSuccess(neighbours + others, within: .seconds(120))
      try await queue.wait(.seconds(60), for: "the poison to be buried") {
        try await queue.count([poison], inState: "dead") == 1
      }
      #expect(second.isRunning)
      let crashes = """
        select coalesce(max(n), 0) from (
          select count(*) n from ong.job_event where event = 'crashed' and id <> $1 group by id) c
        """
      #expect(try await queue.count(crashes, [poison]) == 1)
      #expect(
        try await queue.count(
          "select count(*) from ong.job_event where event = 'crashed' and id = $1", [poison]) == 3)
      let error = try await queue.connection.query(
        "select error from ong.dead_job where id = $1", [poison])[0, 0].decode(String.self)
      #expect(error == "its process ended by signal 6 while it ran alone, its third crash")
      #expect(
        try await queue.count("select crashes from ong.kind_status() where kind = 'step'") == 2)
      // Nobody's trace but the suspects' comes from a child, and suspects ran nowhere else again.
      #expect(second.terminate() == 0)
    }
  }

  @Test("Many jobs of a kind that crash have it quarantined until it is released")
  func quarantine() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let queue = try await StepQueue(database.configuration)
      try await queue.connection.execute(script: "update ong.setting set quarantine_after = 2")
      var poison: [Int64] = []
      for _ in 0..<4 { poison.append(try await queue.enqueueAborting()) }
      let first = try WorkerProcess(database.configuration, slots: 4)
      try await queue.wait(.seconds(30), for: "the first worker to die") { !first.isRunning }
      let second = try WorkerProcess(database.configuration, slots: 4)
      try await queue.wait(.seconds(60), for: "the quarantine") {
        try await queue.count(
          "select count(*) from ong.kind_status() where quarantined_at is not null")
          == 1
      }
      let later = try await queue.enqueue(3, milliseconds: 1)
      try await queue.wait(.seconds(30), for: "new jobs of the kind to be parked") {
        try await queue.count(later, inState: "parked") == 3
      }
      try await queue.wait(.seconds(60), for: "all of the poison to be parked or dead") {
        try await queue.count(poison, inState: "parked") + queue.count(poison, inState: "dead") == 4
      }
      try await queue.connection.execute(script: "update ong.setting set quarantine_after = 0")
      #expect(try await queue.count("select ong.release_kind('step')::int::bigint") == 1)
      try await queue.awaitSuccess(later)
      #expect(second.isRunning)
      #expect(second.terminate() == 0)
    }
  }

  @Test("Effects of transactional jobs happen exactly once under kill -9 and rescue of the living")
  func exactlyOnce() async throws {
    try await TestDatabase.withDatabase(template: .queue) { database in
      let queue = try await StepQueue(database.configuration)
      let ids = try await queue.enqueuePayments(1500)
      var workers = [try WorkerProcess(database.configuration, slots: 8)]
      for round in 0..<4 {
        let done = try await queue.count("select count(*) from public.effect")
        try await queue.wait(.seconds(40), for: "round \(round) to get on") {
          try await queue.count("select count(*) from public.effect")
            >= min(1500, done + Int.random(in: 20...150))
        }
        workers[round].send(round == 2 ? SIGSTOP : SIGKILL)
        workers.append(try WorkerProcess(database.configuration, slots: 8))
        // A frozen worker may be amid a transaction, and keeps its epoch's lock: the leader seizes it.
        try await queue.connection.query("select set_config('search_path', 'ong', false)")
        try await queue.connection.query(
          "select seize_epoch(epoch), rescue(epoch) from worker_status() where pid = $1",
          [workers[round].pid])
        if round == 2 { workers[round].send(SIGCONT) }
      }
      // Alive and declared dead: what it still commits must be refused.
      try await queue.connection.query("select ong.rescue(epoch) from ong.worker_status()")
      try await queue.awaitSuccess(ids, within: .seconds(120))
      #expect(try await queue.count("select count(*) from public.effect") == 1500)
      #expect(try await queue.count("select count(distinct job) from public.effect") == 1500)
      for worker in [workers[2], workers[4]] { #expect(worker.terminate() == 0) }
    }
  }
}
