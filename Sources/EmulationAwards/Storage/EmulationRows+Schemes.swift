import Foundation
import LibpqClient

extension EmulationRows {
  /// Throws ``EmulationError/unknown(_:)`` if there is no such version.
  func scheme(_ code: String, version: Int) async throws -> ScoringScheme {
    guard let scheme = try await storedScheme(code, version: version) else {
      throw EmulationError.unknown(
        LocalizedText(
          vi: "Không có thang điểm \(code) phiên bản \(version)",
          en: "There is no scheme \(code) version \(version)"))
    }
    return scheme
  }

  func storedScheme(_ code: String, version: Int) async throws -> ScoringScheme? {
    let rows = try await query(
      """
      select name_vi, name_en, valid_from::text as valid_from, bonus_cap, tie_rule
        from emulation.scheme where code = $1 and version = $2
      """, [code, version])
    guard let row = rows.first else { return nil }
    return ScoringScheme(
      code: code, version: version, name: try row.localized("name"),
      validFrom: try row.day("valid_from"), criteria: try await criteria(code, version),
      bonusCap: try row["bonus_cap"].decode(Decimal.self),
      thresholds: try await thresholds(code, version),
      tieRule: TieBreaker.steps(in: try row["tie_rule"].decode(String.self)))
  }

  private func criteria(_ code: String, _ version: Int) async throws -> [Criterion] {
    try await query(
      """
      select code, parent, kind, maximum, points, penalty, lowest, highest, name_vi, name_en,
             measure_vi, measure_en
        from emulation.criterion where scheme = $1 and version = $2 order by position
      """, [code, version]
    ).map { row in
      Criterion(
        code: try row["code"].decode(String.self), parent: try row["parent"].decode(String?.self),
        name: try row.localized("name"), kind: try Self.kind(row),
        maximum: try row["maximum"].decode(Decimal.self), measure: try row.localized("measure"))
    }
  }

  private static func kind(_ row: SQLRow) throws -> Criterion.Kind {
    func number(_ column: String) throws -> Decimal { try row[column].decode(Decimal.self) }
    switch try row["kind"].decode(String.self) {
    case "group": return .group
    case "quantitative": return .quantitative
    case "qualitative": return .qualitative
    case "per_occurrence": return .perOccurrence(points: try number("points"))
    case "adjustment":
      return .adjustment(
        bonus: try number("points"), penalty: try number("penalty"),
        lowest: try number("lowest"), highest: try number("highest"))
    case let other: throw UnknownValue(column: "kind", value: other)
    }
  }

  private func thresholds(_ code: String, _ version: Int) async throws -> [RatingThreshold] {
    try await query(
      """
      select rating, at_least, minimum_percentage from emulation.rating_threshold
       where scheme = $1 and version = $2 order by at_least desc
      """, [code, version]
    ).map { row in
      RatingThreshold(
        rating: try row.value("rating"), atLeast: try row["at_least"].decode(Decimal.self),
        minimumPercentage: try row["minimum_percentage"].decode(Decimal.self))
    }
  }

  /// Stores a version. One that exists has to be equal: throws ``EmulationError/refused(_:)`` if it is not.
  func storeScheme(_ scheme: ScoringScheme) async throws {
    let inserted = try await query(
      """
      insert into emulation.scheme (code, version, name_vi, name_en, valid_from, bonus_cap, tie_rule)
      values ($1, $2, $3, $4, $5::date, $6, $7) on conflict do nothing
      """,
      [
        scheme.code, scheme.version, scheme.name.vi, scheme.name.en, scheme.validFrom.iso,
        scheme.bonusCap, TieBreaker.text(of: scheme.tieRule),
      ])
    guard inserted.affectedRows == 0 else { return try await storeParts(of: scheme) }
    guard try await storedScheme(scheme.code, version: scheme.version) == scheme else {
      throw EmulationError.refused(
        LocalizedText(
          vi: "Thang điểm \(scheme.code) phiên bản \(scheme.version) đã có với nội dung khác; "
            + "hãy tăng số phiên bản",
          en: "The scheme \(scheme.code) version \(scheme.version) exists with other content; "
            + "raise the version"))
    }
  }

  private func storeParts(of scheme: ScoringScheme) async throws {
    for (position, criterion) in scheme.criteria.enumerated() {
      try await storeCriterion(criterion, position: position, of: scheme)
    }
    for threshold in scheme.thresholds {
      try await query(
        "insert into emulation.rating_threshold values ($1, $2, $3, $4, $5)",
        [
          scheme.code, scheme.version, threshold.rating.rawValue, threshold.atLeast,
          threshold.minimumPercentage,
        ])
    }
  }

  private func storeCriterion(
    _ criterion: Criterion, position: Int, of scheme: ScoringScheme
  ) async throws {
    let columns = criterion.kind.columns
    try await query(
      """
      insert into emulation.criterion
        (scheme, version, code, position, parent, kind, maximum, points, penalty, lowest, highest,
         name_vi, name_en, measure_vi, measure_en)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
      """,
      [
        scheme.code, scheme.version, criterion.code, position, criterion.parent, columns.kind,
        criterion.maximum, columns.points, columns.penalty, columns.lowest, columns.highest,
        criterion.name.vi, criterion.name.en, criterion.measure.vi, criterion.measure.en,
      ])
  }
}

extension Criterion.Kind {
  fileprivate struct Columns {
    let kind: String
    var points: Decimal?
    var penalty: Decimal?
    var lowest: Decimal?
    var highest: Decimal?
  }

  fileprivate var columns: Columns {
    switch self {
    case .group: Columns(kind: "group")
    case .quantitative: Columns(kind: "quantitative")
    case .qualitative: Columns(kind: "qualitative")
    case .perOccurrence(let points): Columns(kind: "per_occurrence", points: points)
    case .adjustment(let bonus, let penalty, let lowest, let highest):
      Columns(
        kind: "adjustment", points: bonus, penalty: penalty, lowest: lowest, highest: highest)
    }
  }
}

extension TieBreaker {
  /// Reads `score_before_bonus > I > III > ballot`; other words are codes of groups.
  static func steps(in text: String) -> [TieBreaker] {
    text.split(separator: ">").map { step in
      switch step.trimmed {
      case "score_before_bonus": .scoreBeforeBonus
      case "ballot": .ballot
      case let group: .group(group)
      }
    }
  }

  static func text(of steps: [TieBreaker]) -> String {
    steps.map { step in
      switch step {
      case .scoreBeforeBonus: "score_before_bonus"
      case .ballot: "ballot"
      case .group(let code): code
      }
    }.joined(separator: " > ")
  }
}

extension Substring {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
