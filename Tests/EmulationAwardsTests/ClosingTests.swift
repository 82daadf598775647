import EmulationAwards
import Foundation
import LibpqClient
import Testing

struct ClosingTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  private func ranked(_ database: EmulationDatabase) async throws {
    _ = try await database.store.importSample(SampleData.builtIn())
    _ = try await database.store.recalculate(key)
  }

  @Test("Closing freezes the ranking, issues the decision and enqueues what follows")
  func closes() async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      guard case .closed(let id) = try await database.store.close(key) else {
        Issue.record("expected the period to be closed")
        return
      }
      let snapshot = try await database.store.snapshot(id)
      let ranking = try #require(try await database.store.ranking(of: key))
      #expect(snapshot.content.ranking.rows == ranking.rows)
      #expect(snapshot.content.scheme == (try SampleData.builtIn().scheme))
      let decision = try #require(try await database.store.decisions(of: key).first)
      #expect(decision.number == "212/QĐ-UBND")
      #expect(decision.snapshot == id)
      #expect(decision.awards.map(\.unit) == ["CTD", "DACAM", "KHKT", "KHOC", "NCT"])
      #expect(decision.awards.map(\.kind).filter { $0 == .provincialFlag }.count == 1)
      #expect(try await database.jobs("report.render") == 1)
      #expect(try await database.jobs("decision.fanout") == 1)
      #expect(try await database.store.blocPeriod(key).state == .published)
      let passed = try await database.pool.query(
        "select state from emulation.state_change order by id")
      #expect(
        try passed.map { try $0[0].decode(String.self) } == [
          "cross_check", "meeting", "finalized", "submitted", "decided", "published",
        ])
      #expect(try await database.store.close(key) == .alreadyClosed(.published))
      #expect(try await database.count("snapshot") == 1)
    }
  }

  @Test("With figures newer than the ranking, closing waits for the recalculation")
  func waits() async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      var edit = try await database.store.sheet(of: "CTD", in: key, stage: .selfScore)
      edit.figures["I.5"] = .occurrences(1)
      try await database.store.submitSheet(edit)
      #expect(try await database.store.close(key) == .waitsForResult)
      #expect(try await database.count("snapshot") == 0)
      #expect(try await database.jobs("period.finalize") == 0)
      _ = try await database.store.recalculate(key)
      #expect(try await database.jobs("period.finalize") == 1)
    }
  }

  @Test("A request to close is met as soon as the ranking is up to date")
  func request() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn(), closing: true)
      #expect(try await database.jobs("period.finalize") == 0)
      _ = try await database.store.recalculate(key)
      #expect(try await database.jobs("period.finalize") == 1)
      // Asking again while the job waits changes nothing.
      try await database.store.requestClosing(of: key)
      #expect(try await database.jobs("period.finalize") == 1)
    }
  }

  @Test("Equal ranks at the edge of an award leave everything open")
  func ballot() async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      try await database.pool.query("update emulation.decision set merit_certificates = 8")
      await #expect(throws: BallotNeeded.self) { try await database.store.close(key) }
      #expect(try await database.count("snapshot") == 0)
      #expect(try await database.jobs("report.render") == 0)
      #expect(try await database.store.blocPeriod(key).state == .scoring)
    }
  }

  @Test("A period that has not come to scoring cannot be closed")
  func tooEarly() async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      try await database.pool.query("update emulation.bloc_period set state = 'open'")
      await #expect(throws: EmulationError.self) { try await database.store.close(key) }
      await #expect(throws: EmulationError.self) {
        try await database.store.requestClosing(of: key)
      }
      #expect(try await database.count("snapshot") == 0)
    }
  }

  @Test("Sheets are refused once the period is closed")
  func sheetsRefused() async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      _ = try await database.store.close(key)
      var edit = try await database.store.sheet(of: "CTD", in: key, stage: .selfScore)
      edit.figures["I.5"] = .occurrences(1)
      await #expect(throws: EmulationError.self) { try await database.store.submitSheet(edit) }
    }
  }

  @Test(
    "What has been relied upon cannot be changed, not even by SQL",
    arguments: ["snapshot", "criterion", "scheme", "rating_threshold", "figure", "award"])
  func immutable(table: String) async throws {
    try await EmulationDatabase.with { database in
      try await ranked(database)
      _ = try await database.store.close(key)
      let error = await #expect(throws: DatabaseError.self) {
        try await database.pool.query("delete from emulation.\(table)")
      }
      #expect(error?.sqlState == "23001")
    }
  }
}
