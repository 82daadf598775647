import Foundation
import LibpqClient

extension EmulationRows {
  /// The stored sheet, or an empty one of revision 0.
  func sheet(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SelfScoreSheet {
    let sheets = try await sheets(
      in: key, where: "and s.unit = $3 and s.stage = $4", [unit, stage.rawValue])
    return sheets.first
      ?? SelfScoreSheet(blocPeriod: key, unit: unit, stage: stage, figures: [:])
  }

  /// Every stored sheet of the period, of all stages.
  func sheets(in key: BlocPeriodKey) async throws -> [SelfScoreSheet] {
    try await sheets(in: key, where: "", [])
  }

  private func sheets(
    in key: BlocPeriodKey, where condition: String, _ parameters: [any SQLParameter]
  ) async throws -> [SelfScoreSheet] {
    let rows = try await query(
      """
      select s.unit, s.stage, s.revision, f.criterion, f.actual, f.target, f.achieved,
             f.occurrences, f.bonuses, f.penalties
        from emulation.sheet s
        join emulation.figure f on f.sheet = s.id and f.revision = s.revision
       where s.bloc = $1 and s.period = $2 \(condition)
       order by s.unit collate "C", s.stage
      """, [key.bloc, key.period] + parameters)
    var sheets: [SelfScoreSheet] = []
    for row in rows {
      let unit = try row["unit"].decode(String.self)
      let stage = try row.value("stage", SheetStage.self)
      if sheets.last?.unit != unit || sheets.last?.stage != stage {
        sheets.append(
          SelfScoreSheet(
            blocPeriod: key, unit: unit, stage: stage, figures: [:],
            revision: try row["revision"].decode(Int.self)))
      }
      sheets[sheets.count - 1].figures[try row["criterion"].decode(String.self)] =
        try Self.figure(row)
    }
    return sheets
  }

  private static func figure(_ row: SQLRow) throws -> Figure {
    if let actual = try row["actual"].decode(Decimal?.self) {
      return .quantity(actual: actual, target: try row["target"].decode(Decimal?.self))
    }
    if let achieved = try row["achieved"].decode(Bool?.self) { return .achieved(achieved) }
    if let count = try row["occurrences"].decode(Int?.self) { return .occurrences(count) }
    return .adjustments(
      bonuses: try row["bonuses"].decode(Int.self), penalties: try row["penalties"].decode(Int.self)
    )
  }

  /// Stores the sheet's next revision and returns it. The caller holds the period's lock.
  func storeSheet(_ sheet: SelfScoreSheet, author: String?) async throws -> Int {
    let row = try await query(
      """
      insert into emulation.sheet as s (bloc, period, unit, stage, revision)
      values ($1, $2, $3, $4, 1)
      on conflict (bloc, period, unit, stage)
        do update set revision = s.revision + 1, changed_at = now()
      returning id, revision
      """, [sheet.blocPeriod.bloc, sheet.blocPeriod.period, sheet.unit, sheet.stage.rawValue])[0]
    let id = try row["id"].decode(Int64.self)
    let revision = try row["revision"].decode(Int.self)
    try await query(
      """
      insert into emulation.figure
        (sheet, revision, criterion, actual, target, achieved, occurrences, bonuses, penalties)
      select $1, $2, f.*
        from jsonb_to_recordset($3) as f
             (criterion text, actual numeric, target numeric, achieved boolean, occurrences int,
              bonuses int, penalties int)
      """,
      [id, revision, try JSONText(encoding: sheet.figures.map(FigureColumns.init))])
    if let author { try await storeAuthor(author, ofSheet: id, revision: revision) }
    return revision
  }

  private func storeAuthor(_ author: String, ofSheet id: Int64, revision: Int) async throws {
    try await query(
      "insert into emulation.submission (sheet, revision, author) values ($1, $2, $3)",
      [id, revision, author])
  }

  func submission(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SheetSubmission? {
    try await query(
      """
      select b.revision, b.author, b.submitted_at
        from emulation.sheet s
        join emulation.submission b on b.sheet = s.id and b.revision = s.revision
       where s.bloc = $1 and s.period = $2 and s.unit = $3 and s.stage = $4
      """, [key.bloc, key.period, unit, stage.rawValue]
    ).first.map { row in
      SheetSubmission(
        revision: try row["revision"].decode(Int.self),
        author: try row["author"].decode(String.self),
        submittedAt: try row["submitted_at"].decode(Date.self))
    }
  }
}

/// A row of the table `figure`; decimals travel as strings, which keeps every digit.
private struct FigureColumns: Encodable {
  let criterion: String
  var actual: String?
  var target: String?
  var achieved: Bool?
  var occurrences: Int?
  var bonuses: Int?
  var penalties: Int?

  init(criterion: String, figure: Figure) {
    self.criterion = criterion
    switch figure {
    case .quantity(let actual, let target):
      self.actual = actual.description
      self.target = target?.description
    case .achieved(let achieved): self.achieved = achieved
    case .occurrences(let count): occurrences = count
    case .adjustments(let bonuses, let penalties):
      self.bonuses = bonuses
      self.penalties = penalties
    }
  }
}

extension JSONText {
  init(encoding value: some Encodable) throws {
    self.init(String(decoding: try JSONEncoder().encode(value), as: UTF8.self))
  }
}
