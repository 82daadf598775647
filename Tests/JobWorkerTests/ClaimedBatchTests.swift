import JobQueueTesting
import LibpqClient
import Synchronization
import Testing

@testable import JobWorker

private final class Finishers: Sendable {
  let left = Atomic(4)
}

@Suite("Claimed batch")
struct ClaimedBatchTests {
  private func batch(_ count: Int) async throws -> ClaimedBatch {
    try await TestDatabase.withDatabase { database in
      let connection = try await database.connect()
      let rows = try await connection.query(
        """
        select \(ClaimColumn.list) from (
          select 6 lane, case when n < $1 then (1::bigint << 40) + n else 9 end id, \
            1::smallint attempt, 0::smallint crashes, case when n < $1 then 'kind' end kind, \
            '{}'::jsonb payload, now() enqueued_at, null::jsonb meta \
          from generate_series(0, $1::int) n) rows
        """, [Int32(count)])
      await connection.close()
      let claim = try #require(ClaimAnswer(rows).claims.first)
      #expect(claim.key == ClaimKey(lane: 6, seq: 9))
      #expect(claim.range == 0..<count)
      return ClaimedBatch(
        key: claim.key, queue: 0, rows: rows, range: claim.range, claimedAt: .now)
    }
  }

  private func id(_ place: Int) -> Int64 { 1 << 40 + Int64(place) }

  @Test("a claim that is done in one go is settled as a whole")
  func whole() async throws {
    let batch = try await batch(3)
    #expect(batch.finish(try #require(batch.take()), nil) == .news)
    #expect(batch.finish(try #require(batch.take()), .cancelled) == .noted)
    #expect(batch.finish(try #require(batch.take()), nil) == .last)
    #expect(batch.take() == nil)
    let settlement = try #require(batch.collect())
    #expect(settlement.isWhole && settlement.isFinal)
    #expect(settlement.notes == [.init(id: id(1), .cancelled)])
    #expect(batch.collect() == nil)
  }

  @Test("what is left after a partial settlement is named, and ends the claim")
  func partial() async throws {
    let batch = try await batch(2)
    _ = batch.finish(try #require(batch.take()), nil)
    let first = try #require(batch.collect())
    #expect(first.ids == [id(0)])
    #expect(!first.isWhole && !first.isFinal)
    #expect(batch.finish(try #require(batch.take()), nil) == .last)
    let second = try #require(batch.collect())
    #expect(second.ids == [id(1)])
    #expect(!second.isWhole && second.isFinal)
  }

  @Test("jobs that the server took away are not run, and their results count for nothing")
  func gone() async throws {
    let batch = try await batch(3)
    let running = try #require(batch.take())
    #expect(batch.drop { $0 != id(2) } == [id(0)])
    #expect(batch.take() == 2)
    #expect(batch.finish(running, nil) == .dropped)
    #expect(batch.finish(2, nil) == .last)
    let settlement = try #require(batch.collect())
    #expect(settlement.ids == [id(2)])
    #expect(!settlement.isWhole && settlement.isFinal)
  }

  @Test("no result and no outcome is lost or told twice while slots finish and the engine collects")
  func race() async throws {
    let batch = try await batch(20_000)
    let finishers = Finishers()
    let collected = try await withThrowingTaskGroup(of: [Settlement].self) { group in
      for _ in 0..<4 {
        group.addTask {
          while let place = batch.take() {
            _ = batch.finish(place, place % 2 == 0 ? .handBack("test") : nil)
          }
          finishers.left.subtract(1, ordering: .acquiringAndReleasing)
          return []
        }
      }
      group.addTask {
        var settlements: [Settlement] = []
        while finishers.left.load(ordering: .acquiring) > 0 {
          if let some = batch.collect() { settlements.append(some) }
        }
        if let some = batch.collect() { settlements.append(some) }
        return settlements
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let ids = collected.flatMap(\.ids)
    #expect(ids.count == 20_000)
    #expect(Set(ids).count == 20_000)
    let noted = collected.flatMap(\.notes).map(\.id)
    #expect(Set(noted) == Set((0..<20_000).filter { $0 % 2 == 0 }.map(id)))
    #expect(noted.count == 10_000)
    #expect(collected.filter(\.isFinal).count == 1)
    #expect(collected.last?.isFinal == true)
  }
}
