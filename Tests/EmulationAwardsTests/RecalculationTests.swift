import EmulationAwards
import Foundation
import LibpqClient
import Testing

struct RecalculationTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  @Test("The stored ranking is the computed one, to the last digit")
  func roundTrip() async throws {
    try await EmulationDatabase.with { database in
      let sample = try SampleData.builtIn()
      _ = try await database.store.importSample(sample)
      #expect(try await database.store.ranking(of: key) == nil)
      let revision = try await database.store.blocPeriod(key).inputRevision
      #expect(
        try await database.store.recalculate(key) == .stored(inputRevision: revision))
      let stored = try #require(try await database.store.ranking(of: key))
      let computed = try Ranking(
        computedFrom: ScoringInput(
          blocPeriod: key, inputRevision: revision, scheme: sample.scheme,
          members: sample.memberships.map(\.unit), sheets: sample.sheets,
          exclusions: sample.exclusions),
        at: stored.computedAt)
      #expect(stored == computed)
      #expect(try await database.store.scheme(of: key) == sample.scheme)
    }
  }

  @Test("A result of an older input revision than the stored one is thrown away")
  func outdated() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn())
      _ = try await database.store.recalculate(key)
      let newest = try #require(try await database.store.ranking(of: key))
      let old = Ranking(
        blocPeriod: key, inputRevision: newest.inputRevision - 1, schemeCode: newest.schemeCode,
        schemeVersion: newest.schemeVersion, computedAt: newest.computedAt, rows: [])
      #expect(
        try await database.store.store(old) == .outdated(newest: newest.inputRevision))
      #expect(
        try await database.store.recalculate(key) == .outdated(newest: newest.inputRevision))
      #expect(try await database.store.ranking(of: key) == newest)
    }
  }

  @Test("A recalculation waits for an edit that has not committed yet and sees it")
  func waitsForEdits() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn())
      let before = try await database.store.blocPeriod(key).inputRevision
      let editor = try await Connection.open(database.configuration)
      try await editor.execute(
        script: "begin; update emulation.bloc_period set input_revision = input_revision + 1")
      async let outcome = database.store.recalculate(key)
      try await database.waitUntil(
        "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
      )
      try await editor.execute(script: "commit")
      #expect(try await outcome == .stored(inputRevision: before + 1))
      await editor.close()
    }
  }

  @Test("Nothing is computed any more once the period is final")
  func final() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn())
      _ = try await database.store.recalculate(key)
      _ = try await database.store.close(key)
      #expect(try await database.store.recalculate(key) == .refused(.published))
    }
  }
}
