import FaultInjection
import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// The judgement over journals and records that were made up.
@Suite("Verdict")
struct VerdictTests {
  @Test("A run in which all is well is clean, and what nobody can know counts as what it became")
  func clean() async throws {
    let verdict = try await verdict(
      """
      I 1 pay 1,2
      E 1
      I 2 step 3
      I 3 step 4
      """, workers: "S 5 1 1 0\nS 6 1 1 1\nA 7 1\nS 8 2 1 0\nS 9 3 1 0\nS 9",
      observed: "('settled', '{1}'), ('settled', '{2,3}')", effects: "(1), (2)")
    #expect(verdict.violations.isEmpty)
    #expect(verdict.enqueued == 2)
    #expect(verdict.accepted == 3)
    #expect(verdict.executedTwice == 1)
  }

  @Test("A committed job that is nowhere is lost")
  func lost() async throws {
    let verdict = try await verdict("I 1 step 1,2\nE 1", observed: "('settled', '{1}')")
    #expect(verdict.lost == 1)
    #expect(verdict.violations.contains { $0.hasPrefix("noLoss") })
  }

  @Test(
    "A job that was accepted twice, one that was rolled back, and a settle after the rescue are found"
  )
  func settles() async throws {
    let twice = try await verdict(
      "I 1 step 1\nE 1", observed: "('settled', '{1}'), ('settled', '{1}')")
    #expect(twice.acceptedTwice == 1)
    #expect(twice.violations.contains { $0.hasPrefix("oneAcceptance") })
    let phantom = try await verdict("", observed: "('settled', '{9}')")
    #expect(phantom.violations.contains { $0.hasPrefix("noPhantom") })
    let late = try await verdict(
      "I 1 step 1\nE 1", observed: "('rescued', null), ('settled', '{1}')")
    #expect(late.violations.contains { $0.hasPrefix("fence") })
  }

  @Test("Effects that are missing, twice, or without a settle are found")
  func effects() async throws {
    let journal = "I 1 pay 1,2\nE 1"
    let missing = try await verdict(
      journal, observed: "('settled', '{1,2}')", effects: "(1)")
    #expect(missing.effectsMissing == 1)
    let twice = try await verdict(
      journal, observed: "('settled', '{1,2}')", effects: "(1), (2), (2)")
    #expect(twice.effectsTwice == 1)
    let alone = try await verdict("", observed: "('retired', null)", effects: "(7)")
    for verdict in [missing, twice, alone] {
      #expect(verdict.violations.contains { $0.hasPrefix("exactlyOnce") })
    }
  }

  private func verdict(
    _ producer: String, workers: String = "", observed: String, effects: String = "(null)"
  ) async throws -> Verdict {
    try await TestDatabase.withDatabase(template: .queue) { database in
      var configuration = database.configuration
      configuration.searchPath = "ong"
      let connection = try await Connection.open(configuration)
      try await connection.execute(script: "create schema if not exists public")
      try await Observation.install(on: connection)
      try await connection.execute(
        script: """
          insert into chaos.observed (what, ids, epoch)
            select o.what, o.ids::bigint[], '00000000-0000-0000-0000-000000000001'
            from (values \(observed)) o (what, ids);
          insert into public.effect select e.job::bigint from (values \(effects)) e (job)
            where e.job is not null;
          """)
      var recorded = Recorded()
      recorded.read(Data(producer.utf8))
      recorded.read(Data(workers.utf8))
      let verdict = try await Verdict(recorded, in: connection)
      await connection.close()
      return verdict
    }
  }
}
