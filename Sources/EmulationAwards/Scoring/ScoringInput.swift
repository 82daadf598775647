public import Foundation

/// Everything a ranking depends on, read from one consistent snapshot.
public struct ScoringInput: Hashable, Sendable {
  public let blocPeriod: BlocPeriodKey
  public let inputRevision: Int64
  public let scheme: ScoringScheme
  public let members: [EmulationUnit]
  /// The completed sheets of all stages.
  public let sheets: [SelfScoreSheet]
  public let exclusions: [Exclusion]

  public init(
    blocPeriod: BlocPeriodKey, inputRevision: Int64, scheme: ScoringScheme,
    members: [EmulationUnit], sheets: [SelfScoreSheet], exclusions: [Exclusion]
  ) {
    self.blocPeriod = blocPeriod
    self.inputRevision = inputRevision
    self.scheme = scheme
    self.members = members
    self.sheets = sheets
    self.exclusions = exclusions
  }

  /// The sheet that counts for each unit: the one of its last stage, as a whole.
  var effectiveSheets: [String: SelfScoreSheet] {
    Dictionary(sheets.map { ($0.unit, $0) }) { one, other in
      one.stage < other.stage ? other : one
    }
  }

  /// Why each unsuitable unit is not ranked: by decision of people, or for want of a sheet.
  func exclusions(sheets: [String: SelfScoreSheet]) -> [String: Exclusion] {
    var result = Dictionary(exclusions.map { ($0.unit, $0) }) { one, _ in one }
    for unit in members where sheets[unit.code] == nil && result[unit.code] == nil {
      result[unit.code] = .noSheet(unit.code)
    }
    return result
  }
}

extension Ranking {
  /// Computes the table. The order of members and sheets does not matter.
  ///
  /// Throws ``SchemeRejected`` if the scheme cannot score.
  public init(computedFrom input: ScoringInput, at time: Date) throws {
    try input.scheme.validated()
    let sheets = input.effectiveSheets
    let exclusions = input.exclusions(sheets: sheets)
    let scores = UnitScores(
      scheme: input.scheme,
      figures: sheets.filter { code, _ in input.members.contains { $0.code == code } }
        .mapValues(\.figures),
      excluded: Set(exclusions.keys)
    ).all
    self.init(
      blocPeriod: input.blocPeriod, inputRevision: input.inputRevision,
      schemeCode: input.scheme.code, schemeVersion: input.scheme.version, computedAt: time,
      rows: RankingOrder(scheme: input.scheme).rows(
        members: input.members, scores: scores, exclusions: exclusions))
  }
}
