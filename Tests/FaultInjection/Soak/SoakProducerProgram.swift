import Dispatch
import Foundation
import JobQueue
import JobQueueTesting
import LibpqClient
import Synchronization

/// A producer process of a soak: `soak producer CONNINFO JOURNALS SEED RATE`. Until SIGTERM it enqueues
/// about RATE jobs a second, of all kinds, and waits for some of their results.
package struct SoakProducerProgram: Sendable {
  private let pool: ConnectionPool
  private let queue: JobQueue
  private let journal: Journal
  private let rate: Double

  package static func run(_ arguments: [String]) async -> Int32 {
    guard arguments.count == 4, let seed = UInt64(arguments[2]), let rate = Double(arguments[3]),
      let journal = try? Journal(in: arguments[1], role: "producer")
    else { return 64 }
    let pool = ConnectionPool(ConnectionConfiguration(arguments[0]), size: 3)
    let producer = SoakProducerProgram(
      pool: pool, queue: JobQueue(pool: pool), journal: journal, rate: rate)
    ParentWatch.begin()
    signal(SIGTERM, SIG_IGN)
    let isStopped = StopFlag()
    let signals = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
    signals.setEventHandler { isStopped.raise() }
    signals.resume()
    await producer.produce(SeededGenerator(seed), until: isStopped)
    await pool.close()
    signals.cancel()
    return 0
  }

  private func produce(_ generator: SeededGenerator, until isStopped: StopFlag) async {
    var random = generator
    var transaction = 0
    var done = 0
    let start = monotonicNow()
    await withDiscardingTaskGroup { waiting in
      while !isStopped.isRaised {
        transaction += 1
        let act = SoakAct.random(&random)
        do {
          let ids = try await enqueue(act, transaction)
          done += max(1, ids.count)
          if act.isAwaited, let id = ids.first {
            waiting.addTask { _ = try? await queue.end(ofJob: id, within: .seconds(20)) }
          }
        } catch let error as DatabaseError where error.sqlState == "OG010" {
          // The queue is full: later.
        } catch {
          FileHandle.standardError.write(Data("producer: \(act.statement): \(error)\n".utf8))
          try? await Task.sleep(for: .milliseconds(200))
        }
        let ahead = Double(done) / rate - Double(monotonicNow() - start) / 1e9
        if ahead > 0 { try? await Task.sleep(for: .seconds(min(ahead, 1))) }
      }
      waiting.cancelAll()
    }
  }

  /// The ids that the act has returned. Those of jobs that are made later by the queue are not known.
  private func enqueue(_ act: SoakAct, _ transaction: Int) async throws -> [Int64] {
    try await pool.withConnection { connection in
      try await connection.execute(script: "begin; set local search_path = ong")
      do {
        let ids = try await connection.query(act.statement, act.parameters)
          .map { try $0[0].decode(Int64.self) }
        if act.isProbe {
          try await connection.query(
            "insert into public.probe (job) select unnest($1::bigint[])", [ids])
        }
        let list = act.makesJobsLater ? "" : ids.map(String.init).joined(separator: ",")
        if !list.isEmpty { journal.write("I \(transaction) \(act.kind) \(list)") }
        try await connection.execute(script: "commit")
        if !list.isEmpty { journal.write("E \(transaction)") }
        return ids
      } catch {
        try? await connection.execute(script: "rollback")
        throw error
      }
    }
  }
}

/// Raised once, from any thread.
private final class StopFlag: Sendable {
  private let state = Atomic(false)

  var isRaised: Bool { state.load(ordering: .acquiring) }
  func raise() { state.store(true, ordering: .releasing) }
}
