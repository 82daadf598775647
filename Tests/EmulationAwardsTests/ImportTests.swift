import EmulationAwards
import Foundation
import LibpqClient
import Testing

struct ImportTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  @Test("Importing twice leaves the same ranking and sends no sheet again")
  func twice() async throws {
    try await EmulationDatabase.with { database in
      let sample = try SampleData.builtIn()
      _ = try await database.store.importSample(sample)
      _ = try await database.store.recalculate(key)
      let first = try await database.store.ranking(of: key)
      let again = try await database.store.importSample(sample)
      #expect(again.sent == [])
      #expect(again.unchanged.count == 15)
      #expect(again.kept == [])
      #expect(try await database.store.blocPeriod(key).inputRevision == first?.inputRevision)
      #expect(try await database.store.ranking(of: key) == first)
    }
  }

  @Test("An interrupted import is continued, and nobody's edit is overwritten")
  func continued() async throws {
    try await EmulationDatabase.with { database in
      let sample = try SampleData.builtIn()
      _ = try await database.store.importSample(.withoutSheets(sample))
      var edited = sample.sheets[0]
      edited.figures["I.5"] = .occurrences(1)
      try await database.store.submitSheet(edited)
      let done = try await database.store.importSample(sample)
      #expect(done.kept == [edited.unit])
      #expect(done.sent.count == 14)
      let stored = try await database.store.sheet(of: edited.unit, in: key, stage: .selfScore)
      #expect(stored.figures == edited.figures)
    }
  }

  @Test("A closed period is not touched by another import")
  func closed() async throws {
    try await EmulationDatabase.with { database in
      let sample = try SampleData.builtIn()
      _ = try await database.store.importSample(sample)
      _ = try await database.store.recalculate(key)
      _ = try await database.store.close(key)
      let ranking = try await database.store.ranking(of: key)
      let files = try SampleFiles.changed("units.csv") {
        $0 + "MOI;Hội mới;New association;2023-01-01;;;\n"
      }
      let again = try await database.store.importSample(SampleData(files: files), closing: true)
      #expect(again.state == .published)
      #expect(again.unchanged.count == 15)
      #expect(try await database.count("membership") == 15)
      #expect(try await database.store.ranking(of: key) == ranking)
      #expect(try await database.count("decision") == 1)
      #expect(try await database.jobs("report.render") == 1)
    }
  }

  @Test("A stored version of a scheme cannot be replaced by other rules")
  func schemeVersion() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn())
      try await database.pool.query(
        "update emulation.bloc_period set state = 'scoring' where bloc = 'HDT'")
      let files = try SampleFiles.changed("scheme.csv") {
        $0.replacing("bonus_cap;5", with: "bonus_cap;6")
      }
      let other = try SampleData(files: files)
      let error = await #expect(throws: EmulationError.self) {
        try await database.store.importSample(other)
      }
      #expect(error?.message.en.contains("raise the version") == true)
    }
  }

  @Test("Two imports at once make one bloc")
  func concurrent() async throws {
    try await EmulationDatabase.with { database in
      let sample = try SampleData.builtIn()
      async let one = database.store.importSample(.withoutSheets(sample))
      async let other = database.store.importSample(.withoutSheets(sample))
      _ = try await (one, other)
      #expect(try await database.count("membership") == 15)
      #expect(try await database.count("decision") == 1)
      #expect(try await database.count("criterion") == 22)
    }
  }
}
