import EmulationAwards
import Foundation
import JobQueue
import LibpqClient
import Testing

struct SheetStoreTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  /// The built-in bloc without its sheets, and one unit's sheet.
  private func emptyBloc(
    _ database: EmulationDatabase
  ) async throws -> (sample: SampleData, sheet: SelfScoreSheet) {
    let sample = try SampleData.builtIn()
    let without = SampleData.withoutSheets(sample)
    _ = try await database.store.importSample(without)
    return (sample, sample.sheets[0])
  }

  @Test("A sheet is stored, counted and followed by one recalculation")
  func submit() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      let before = try await database.store.blocPeriod(key).inputRevision
      let receipt = try await database.store.submitSheet(sheet)
      #expect(
        receipt
          == SheetReceipt(sheetRevision: 1, inputRevision: before + 1, isChanged: true))
      let stored = try await database.store.sheet(of: sheet.unit, in: key, stage: .selfScore)
      #expect(stored.figures == sheet.figures)
      #expect(stored.revision == 1)
      #expect(try await database.jobs("score.recalculate") == 1)
    }
  }

  @Test("If the job cannot be enqueued, the sheet is not stored either")
  func atomic() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      let before = try await database.store.blocPeriod(key).inputRevision
      let broken = EmulationStore(
        pool: database.pool, queue: JobQueue(pool: database.pool, schema: "nowhere"),
        settings: .immediate)
      await #expect(throws: (any Error).self) { try await broken.submitSheet(sheet) }
      #expect(try await database.count("sheet") == 0)
      #expect(try await database.store.blocPeriod(key).inputRevision == before)
    }
  }

  @Test("If the sheet does not commit, no job is enqueued")
  func atomicTheOtherWay() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      let jobs = try await database.pool.query("select count(*) from ong.job")[0, 0].decode(
        Int.self)
      try await database.pool.query("delete from ong.unique_key")
      try await database.pool.withConnection {
        try await $0.execute(
          script: """
            create function refuse() returns trigger language plpgsql
              as $$ begin raise exception 'the disk is full'; end $$;
            create constraint trigger refuse after insert on emulation.sheet
              deferrable initially deferred for each row execute function refuse();
            """)
      }
      await #expect(throws: DatabaseError.self) { try await database.store.submitSheet(sheet) }
      #expect(
        try await database.pool.query("select count(*) from ong.job")[0, 0].decode(Int.self)
          == jobs)
    }
  }

  @Test("A sheet equal to the stored one changes nothing")
  func unchanged() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      let first = try await database.store.submitSheet(sheet)
      let second = try await database.store.submitSheet(sheet)
      #expect(!second.isChanged)
      #expect(second.inputRevision == first.inputRevision)
      #expect(try await database.count("figure") == 18)
    }
  }

  @Test(
    "An edit of an old revision is a conflict, an edit of the newest is accepted and kept apart")
  func conflict() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      try await database.store.submitSheet(sheet)
      var edit = try await database.store.sheet(of: sheet.unit, in: key, stage: .selfScore)
      edit.figures["I.5"] = .occurrences(1)
      #expect(try await database.store.submitSheet(edit).sheetRevision == 2)
      edit.figures["I.5"] = .occurrences(2)
      let error = await #expect(throws: EmulationError.self) {
        try await database.store.submitSheet(edit)
      }
      guard case .conflict = error else {
        Issue.record("expected a conflict, got: \(String(describing: error))")
        return
      }
      #expect(try await database.count("figure") == 36)
    }
  }

  @Test("Impossible figures, strangers and unknown periods are refused, and nothing is stored")
  func refused() async throws {
    try await EmulationDatabase.with { database in
      let (_, sheet) = try await emptyBloc(database)
      var negative = sheet
      negative.figures["I.1"] = .quantity(actual: -1, target: nil)
      await #expect(throws: SheetRejected.self) { try await database.store.submitSheet(negative) }
      let stranger = SelfScoreSheet(blocPeriod: key, unit: "XX", figures: sheet.figures)
      await #expect(throws: EmulationError.self) { try await database.store.submitSheet(stranger) }
      let nowhere = SelfScoreSheet(
        blocPeriod: BlocPeriodKey(bloc: "HDT", period: "1999"), unit: "CTD", figures: [:])
      await #expect(throws: EmulationError.self) { try await database.store.submitSheet(nowhere) }
      let review = SelfScoreSheet(
        blocPeriod: key, unit: sheet.unit, stage: .firstReview, figures: sheet.figures)
      await #expect(throws: EmulationError.self) { try await database.store.submitSheet(review) }
      #expect(try await database.count("sheet") == 0)
    }
  }

  @Test("Many edits leave one recalculation waiting")
  func coalescing() async throws {
    try await EmulationDatabase.with { database in
      let done = try await database.store.importSample(SampleData.builtIn())
      #expect(done.sent.count == 15)
      #expect(try await database.jobs("score.recalculate") == 1)
    }
  }

  @Test("After a result the next edit is computed a while later, not at once")
  func debounce() async throws {
    try await EmulationDatabase.with(EmulationSettings()) { database in
      let sample = try SampleData.builtIn()
      _ = try await database.store.importSample(sample)
      #expect(try await database.pool.query("select 1 from ong.deferred").isEmpty)
      guard case .stored = try await database.store.recalculate(key) else {
        Issue.record("expected a result")
        return
      }
      // The first job still holds the key as if it waited; a fresh key shows the delay.
      try await database.pool.query("delete from ong.unique_key")
      var edit = try await database.store.sheet(of: "CTD", in: key, stage: .selfScore)
      edit.figures["I.5"] = .occurrences(1)
      try await database.store.submitSheet(edit)
      let wait = try await database.pool.query(
        "select run_at > now() and run_at <= now() + interval '3 seconds' from ong.deferred")
      #expect(try wait.map { try $0[0].decode(Bool.self) } == [true])
    }
  }
}

extension SampleData {
  /// As if nobody had sent a form yet.
  static func withoutSheets(_ sample: SampleData) -> SampleData {
    SampleData(
      bloc: sample.bloc, period: sample.period, head: sample.head,
      memberships: sample.memberships, exclusions: sample.exclusions, scheme: sample.scheme,
      sheets: [], recipients: sample.recipients, document: sample.document,
      decision: sample.decision)
  }
}
