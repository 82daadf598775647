import Foundation

/// `scheme.csv` and `criteria.csv`: a version of the scoring scheme.
struct SchemeFiles {
  private static let classes: [Rating] = [.excellent, .good, .completed]
  private static let names = Set(
    ["scheme", "version", "name", "valid_from", "bonus_cap", "tie_rule"]
      + classes.flatMap { ["class_\($0.rawValue)", "class_\($0.rawValue)_minimum"] })

  private let settings: SampleSettings
  private let criteria: SampleTable

  init(settings: String, criteria: String) throws(SampleDamage) {
    self.settings = try SampleSettings(file: "scheme.csv", text: settings)
    try self.settings.checkNames(Self.names)
    self.criteria = try SampleTable(
      file: "criteria.csv", text: criteria,
      required: [
        "criterion", "parent", "kind", "maximum", "points", "penalty", "lowest", "highest", "name",
      ])
  }

  /// The scheme if it can score; its faults are reported at the line of the criterion.
  func scheme() throws -> ScoringScheme {
    let scheme = ScoringScheme(
      code: try settings.code("scheme"), version: try settings.count("version"),
      name: try settings.both("name"), validFrom: try settings.day("valid_from"),
      criteria: try criteria.rows.mapCollectingDamage(Self.criterion),
      bonusCap: try settings.decimal("bonus_cap"),
      thresholds: try Self.classes.mapCollectingDamage(threshold),
      tieRule: TieBreaker.steps(in: settings.optional("tie_rule")))
    do {
      return try scheme.validated()
    } catch let rejected as SchemeRejected {
      throw SampleRejected(damages: rejected.problems.map(damage))
    }
  }

  private func threshold(_ rating: Rating) throws(SampleDamage) -> RatingThreshold {
    RatingThreshold(
      rating: rating, atLeast: try settings.decimal("class_\(rating.rawValue)"),
      minimumPercentage: try settings.decimal("class_\(rating.rawValue)_minimum"))
  }

  private static func criterion(_ row: SampleTable.Row) throws(SampleDamage) -> Criterion {
    let parent = row.optional("parent")
    return Criterion(
      code: try row.code("criterion"), parent: parent.isEmpty ? nil : parent,
      name: try row.both("name", "english"), kind: try kind(row),
      maximum: try row.decimal("maximum"),
      measure: LocalizedText(vi: row.optional("measure"), en: row.optional("measure_english")))
  }

  private static func kind(_ row: SampleTable.Row) throws(SampleDamage) -> Criterion.Kind {
    switch try row.text("kind") {
    case "group": return .group
    case "quantitative": return .quantitative
    case "qualitative": return .qualitative
    case "per_occurrence": return .perOccurrence(points: try row.decimal("points"))
    case "adjustment":
      return .adjustment(
        bonus: try row.decimal("points"), penalty: try row.decimal("penalty"),
        lowest: try row.decimal("lowest"), highest: try row.decimal("highest"))
    case let other:
      throw row.damage(
        "kind",
        "expected group, quantitative, qualitative, per_occurrence or adjustment, got: "
          + other.prefix(40))
    }
  }

  private func damage(_ problem: SchemeRejected.Problem) -> SampleDamage {
    let rows = criteria.rows.filter { $0.optional("criterion") == problem.place }
    if let row = rows.last {
      return row.damage("criterion", "\(problem.place) \(problem.message)")
    }
    let message = "\(problem.place) \(problem.message)"
    guard let row = try? settings.row(problem.place) else {
      return SampleDamage(file: "scheme.csv", line: 0, column: 0, message: message)
    }
    return row.damage("value", message)
  }
}
