import EmulationAwards
import Foundation

/// The ranking of a bloc and period, worded for one language.
struct RankingView {
  struct Group {
    let code: String
    let name: String
    let maximum: String
  }

  struct Cell {
    let group: String
    let points: String
  }

  struct Row {
    let unit: String
    let name: String
    let otherName: String?
    let sheetURL: String
    let rank: Int
    let isShared: Bool
    let isPodium: Bool
    let cells: [Cell]
    let bonusPoints: String
    let hasBonus: Bool
    let deductionPoints: String
    let hasDeduction: Bool
    let totalPoints: String
    /// Length of the bar under the total, 0…100.
    let share: String
    let ratingName: String
    let ratingClass: String
  }

  struct Unranked {
    let unit: String
    let name: String
    let otherName: String?
    let sheetURL: String
    let reason: String
  }

  struct Confirmation {
    let name: String
    let revision: Int
  }

  let page: PageFrame
  let t: Texts
  let groups: [Group]
  let columnCount: Int
  let reasonColumns: Int
  let rows: [Row]
  let hasRows: Bool
  let unranked: [Unranked]
  let hasUnranked: Bool
  let stateName: String
  let schemeName: String
  let stamp: String
  let isPending: Bool
  let revision: String?
  let computedTime: String?
  let tableURL: String
  let eventsURL: String
  let statusURL: String
  let confirmation: Confirmation?
}

extension RankingView {
  init(
    page: PageFrame, language: Language, bloc: BlocPeriod, scheme: ScoringScheme,
    ranking: Ranking?, confirmation: Confirmation?
  ) {
    let paths = PagePaths(language: language, key: bloc.key)
    let stamp = RankingStamp(bloc, ranking)
    let groups = scheme.topGroups.filter { $0.maximum > 0 }
    let wording = RankingWording(
      language: language, paths: paths, groups: groups, rows: ranking?.rows ?? [],
      highest: groups.reduce(0) { $0 + $1.maximum } + scheme.bonusCap)
    self.page = page
    t = Texts.of(language)
    self.groups = groups.map {
      Group(code: $0.code, name: language($0.name), maximum: DecimalText.plain($0.maximum))
    }
    columnCount = groups.count + 6
    reasonColumns = columnCount - 2
    rows = wording.ranked
    hasRows = ranking != nil
    unranked = wording.unranked
    hasUnranked = !wording.unranked.isEmpty
    stateName = language(bloc.state.label)
    schemeName = language(scheme.name)
    self.stamp = stamp.text
    isPending = stamp.isPending
    revision = ranking.map { String($0.inputRevision) }
    computedTime = ranking.map { language.time($0.computedAt) }
    tableURL = paths.table
    eventsURL = paths.events
    statusURL = paths.status
    self.confirmation = confirmation
  }
}

/// Turns rows of a result into rows of the page.
private struct RankingWording {
  let language: Language
  let paths: PagePaths
  let groups: [Criterion]
  let rows: [RankingRow]
  /// The most points that a unit can have.
  let highest: Decimal

  var ranked: [RankingView.Row] {
    rows.compactMap { row in
      guard let rank = row.rank, let score = row.score, let rating = row.rating else { return nil }
      return ranked(row, rank, score, rating)
    }
  }

  var unranked: [RankingView.Unranked] {
    rows.filter { $0.rank == nil }.map { row in
      RankingView.Unranked(
        unit: row.unit.code, name: language(row.unit.name),
        otherName: language.other(row.unit.name),
        sheetURL: paths.sheet(row.unit.code),
        reason: row.exclusion.map { language($0.reason) } ?? "")
    }
  }

  private func ranked(
    _ row: RankingRow, _ rank: Int, _ score: UnitScore, _ rating: Rating
  ) -> RankingView.Row {
    RankingView.Row(
      unit: row.unit.code, name: language(row.unit.name), otherName: language.other(row.unit.name),
      sheetURL: paths.sheet(row.unit.code), rank: rank,
      isShared: rows.count { $0.rank == rank } > 1, isPodium: rank <= 3,
      cells: groups.map {
        .init(group: $0.code, points: language.points(score.points[$0.code] ?? 0))
      },
      bonusPoints: language.points(score.bonus), hasBonus: score.bonus > 0,
      deductionPoints: language.points(score.deduction), hasDeduction: score.deduction < 0,
      totalPoints: language.points(score.total), share: share(score.total),
      ratingName: language(rating.label),
      ratingClass: rating.rawValue.replacing("_", with: "-"))
  }

  private func share(_ total: Decimal) -> String {
    guard highest > 0 else { return "0" }
    return "\(Int(truncating: (min(1, total / highest) * 100) as NSDecimalNumber))"
  }
}
