import Foundation
import LibpqClient

extension EmulationRows {
  /// Everything that a ranking depends on; the transaction has to see one snapshot.
  func scoringInput(for key: BlocPeriodKey) async throws -> ScoringInput {
    let period = try await blocPeriod(key)
    return ScoringInput(
      blocPeriod: key, inputRevision: period.inputRevision,
      scheme: try await scheme(period.schemeCode, version: period.schemeVersion),
      members: try await members(of: key), sheets: try await sheets(in: key),
      exclusions: try await exclusions(of: key))
  }

  /// The input revision of the newest result set; nil before the first.
  func newestResultRevision(of key: BlocPeriodKey) async throws -> Int64? {
    try await query(
      "select max(input_revision) from emulation.result_set where bloc = $1 and period = $2",
      [key.bloc, key.period])[0, 0].decode(Int64?.self)
  }

  func newestRanking(of key: BlocPeriodKey) async throws -> Ranking? {
    let sets = try await query(
      """
      select id, input_revision, scheme, scheme_version, computed_at from emulation.result_set
       where bloc = $1 and period = $2 order by input_revision desc limit 1
      """, [key.bloc, key.period])
    guard let set = sets.first else { return nil }
    return Ranking(
      blocPeriod: key, inputRevision: try set["input_revision"].decode(Int64.self),
      schemeCode: try set["scheme"].decode(String.self),
      schemeVersion: try set["scheme_version"].decode(Int.self),
      computedAt: try set["computed_at"].decode(Date.self),
      rows: try await resultRows(of: try set["id"].decode(Int64.self)))
  }

  private func resultRows(of set: Int64) async throws -> [RankingRow] {
    try await query(
      """
      select r.unit, u.name_vi, u.name_en, r.rank, r.rating, r.base, r.bonus, r.deduction, r.total,
             r.points, r.exclusion_vi, r.exclusion_en
        from emulation.result_row r join emulation.unit u on u.code = r.unit
       where r.result_set = $1 order by r.position
      """, [set]
    ).map { row in
      let unit = try row["unit"].decode(String.self)
      let isExcluded = !row["exclusion_vi"].isNull
      return RankingRow(
        unit: EmulationUnit(code: unit, name: try row.localized("name")),
        score: try Self.score(row, unit), rank: try row["rank"].decode(Int?.self),
        rating: row["rating"].isNull ? nil : try row.value("rating", Rating.self),
        exclusion: isExcluded
          ? Exclusion(unit: unit, reason: try row.localized("exclusion")) : nil)
    }
  }

  private static func score(_ row: SQLRow, _ unit: String) throws -> UnitScore? {
    guard let points = try row["points"].decode(JSONText?.self) else { return nil }
    func number(_ column: String) throws -> Decimal { try row[column].decode(Decimal.self) }
    return UnitScore(
      unit: unit,
      points: try JSONDecoder().decode([String: String].self, from: Data(points.text.utf8))
        .compactMapValues { Decimal(string: $0) },
      base: try number("base"), bonus: try number("bonus"), deduction: try number("deduction"),
      total: try number("total"))
  }

  /// Stores a result set and drops those that nobody looks at any more.
  func storeRanking(_ ranking: Ranking) async throws {
    let key = ranking.blocPeriod
    let set = try await query(
      """
      insert into emulation.result_set
        (bloc, period, input_revision, scheme, scheme_version, computed_at)
      values ($1, $2, $3, $4, $5, clock_timestamp()) returning id
      """,
      [
        key.bloc, key.period, ranking.inputRevision, ranking.schemeCode, ranking.schemeVersion,
      ])[0, 0].decode(Int64.self)
    try await query(
      """
      insert into emulation.result_row
        (result_set, position, unit, rank, rating, base, bonus, deduction, total, points,
         exclusion_vi, exclusion_en)
      select $1, r.*
        from jsonb_to_recordset($2) as r
             (position int, unit text, rank int, rating text, base numeric, bonus numeric,
              deduction numeric, total numeric, points jsonb, exclusion_vi text,
              exclusion_en text)
      """, [set, try JSONText(encoding: ranking.rows.enumerated().map(ResultColumns.init))])
    try await dropSuperseded(of: key)
    try await announceChange(of: key)
  }

  /// Keeps the newest ten: what is relied upon is in a snapshot.
  private func dropSuperseded(of key: BlocPeriodKey) async throws {
    try await query(
      """
      delete from emulation.result_set where id in (
        select id from emulation.result_set where bloc = $1 and period = $2
         order by input_revision desc offset 10)
      """, [key.bloc, key.period])
  }
}

/// A row of the table `result_row`; decimals travel as strings, which keeps every digit.
private struct ResultColumns: Encodable {
  enum CodingKeys: String, CodingKey {
    case position, unit, rank, rating, base, bonus, deduction, total, points
    case exclusionVi = "exclusion_vi"
    case exclusionEn = "exclusion_en"
  }
  let position: Int
  let unit: String
  let rank: Int?
  let rating: String?
  let base: String?
  let bonus: String?
  let deduction: String?
  let total: String?
  let points: [String: String]?
  let exclusionVi: String?
  let exclusionEn: String?

  init(position: Int, row: RankingRow) {
    self.position = position
    unit = row.unit.code
    rank = row.rank
    rating = row.rating?.rawValue
    base = row.score?.base.description
    bonus = row.score?.bonus.description
    deduction = row.score?.deduction.description
    total = row.score?.total.description
    points = row.score?.points.mapValues(\.description)
    exclusionVi = row.exclusion?.reason.vi
    exclusionEn = row.exclusion?.reason.en
  }
}
