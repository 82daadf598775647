import Foundation

/// A scheme that cannot score, with everything that is wrong with it and where.
public struct SchemeRejected: Error, Hashable, Sendable {
  public struct Problem: Hashable, Sendable {
    /// The criterion's code, or the setting's name such as `tie_rule`.
    public let place: String
    public let message: String

    public init(place: String, message: String) {
      self.place = place
      self.message = message
    }
  }
  public let scheme: String
  /// Never empty.
  public let problems: [Problem]
}

extension SchemeRejected: CustomStringConvertible {
  public var description: String {
    "scheme \(scheme): " + problems.map { "\($0.place): \($0.message)" }.joined(separator: "; ")
  }
}

extension ScoringScheme {
  /// The scheme itself if it can score.
  ///
  /// Throws ``SchemeRejected`` for: a criterion named twice, a missing or circular parent, a group
  /// whose maximum is not the sum of its children, points out of range, adjustments mixed with
  /// scored criteria, classes out of order, a missing or unusable tie rule.
  @discardableResult
  public func validated() throws -> ScoringScheme {
    // Sums over a tree that is no tree would mislead, so the tree comes first.
    let found = treeProblems.ifEmpty(sumProblems) + leafProblems + settingProblems
    guard found.isEmpty else {
      throw SchemeRejected(scheme: "\(code) version \(version)", problems: found)
    }
    return self
  }

  private typealias Problem = SchemeRejected.Problem

  private var treeProblems: [Problem] {
    var seen: Set<String> = []
    var problems: [Problem] = []
    for criterion in criteria {
      if !seen.insert(criterion.code).inserted {
        problems.append(Problem(place: criterion.code, message: "stands there twice"))
      }
      problems += parentProblem(of: criterion)
    }
    if leaves.isEmpty { problems.append(Problem(place: "criteria", message: "has no leaf")) }
    return problems
  }

  private func parentProblem(of criterion: Criterion) -> [Problem] {
    guard let code = criterion.parent else { return [] }
    guard let parent = self.criterion(code) else {
      return [Problem(place: criterion.code, message: "parent \(code) does not exist")]
    }
    guard parent.isGroup else {
      return [Problem(place: criterion.code, message: "parent \(code) is not a group")]
    }
    guard let circle = circle(from: criterion) else { return [] }
    let path = circle.joined(separator: " → ")
    return [Problem(place: criterion.code, message: "parents run in a circle: \(path)")]
  }

  /// The codes from a criterion up to itself, if its parents lead back to it.
  private func circle(from start: Criterion) -> [String]? {
    var path = [start.code]
    var next = start.parent
    while let code = next, path.count <= criteria.count {
      path.append(code)
      if code == start.code { return path }
      next = criterion(code)?.parent
    }
    return nil
  }

  private func sumProblems() -> [Problem] {
    criteria.filter(\.isGroup).flatMap { group -> [Problem] in
      let children = children(of: group.code)
      guard !children.isEmpty else {
        return [Problem(place: group.code, message: "is a group without criteria")]
      }
      let sum = children.reduce(Decimal(0)) { $0 + $1.maximum }
      guard sum == group.maximum else {
        return [
          Problem(
            place: group.code,
            message: "expected the maximum to be the sum of its criteria, \(sum), got: "
              + "\(group.maximum)")
        ]
      }
      let adjustments = children.filter(\.isAdjustment).count
      guard adjustments == 0 || children.allSatisfy({ $0.isAdjustment }) else {
        return [Problem(place: group.code, message: "mixes adjustments with scored criteria")]
      }
      return []
    }
  }

  private var leafProblems: [Problem] {
    criteria.compactMap { criterion in
      criterion.problem.map { Problem(place: criterion.code, message: $0) }
    }
  }

  private var settingProblems: [Problem] {
    var problems: [Problem] = []
    if bonusCap < 0 || !bonusCap.hasTwoDecimals {
      problems.append(
        Problem(
          place: "bonus_cap", message: "expected 0 or more with two decimals, got: \(bonusCap)"))
    }
    problems += thresholdProblems + tieRuleProblems
    return problems
  }

  private var thresholdProblems: [Problem] {
    var problems: [Problem] = []
    if thresholds.isEmpty {
      problems.append(Problem(place: "classes", message: "are missing"))
    }
    for (better, worse) in zip(thresholds, thresholds.dropFirst())
    where better.rating <= worse.rating || better.atLeast <= worse.atLeast {
      problems.append(
        Problem(place: "class_\(worse.rating.rawValue)", message: "is not below the class before"))
    }
    for threshold in thresholds {
      let place = "class_\(threshold.rating.rawValue)"
      if !(0...100).contains(threshold.minimumPercentage) {
        problems.append(
          Problem(
            place: place,
            message: "expected a percentage from 0 to 100, got: \(threshold.minimumPercentage)"))
      }
      if threshold.rating == .notCompleted {
        problems.append(Problem(place: place, message: "is what the other classes leave over"))
      }
    }
    return problems
  }

  private var tieRuleProblems: [Problem] {
    if tieRule.isEmpty {
      return [Problem(place: "tie_rule", message: "is missing: say what parts equal totals")]
    }
    var problems: [Problem] = []
    if tieRule.dropLast().contains(.ballot) {
      problems.append(Problem(place: "tie_rule", message: "the ballot can only come last"))
    }
    for case .group(let code) in tieRule where criterion(code)?.isGroup != true {
      problems.append(Problem(place: "tie_rule", message: "there is no group \(code)"))
    }
    return problems
  }
}

extension Criterion {
  /// What is wrong with the criterion's own numbers; nil if nothing is.
  fileprivate var problem: String? {
    guard maximum >= 0, maximum <= 1000, maximum.hasTwoDecimals else {
      return "expected a maximum from 0 to 1000 with two decimals, got: \(maximum)"
    }
    switch kind {
    case .group: return nil
    case .quantitative, .qualitative:
      return maximum > 0 ? nil : "expected a maximum above 0"
    case .perOccurrence(let points):
      guard maximum > 0 else { return "expected a maximum above 0" }
      return points > 0 && points <= maximum
        ? nil : "expected points above 0 and up to the maximum, got: \(points)"
    case .adjustment(let bonus, let penalty, let lowest, let highest):
      guard maximum == 0 else { return "expected no maximum for an adjustment, got: \(maximum)" }
      guard bonus >= 0, penalty >= 0 else { return "expected bonus and penalty of 0 or more" }
      return lowest <= 0 && highest >= 0 && [lowest, highest].allSatisfy(\.hasTwoDecimals)
        ? nil : "expected limits around 0 with two decimals, got: \(lowest) to \(highest)"
    }
  }
}

extension Decimal {
  /// Whether the number is exact to two decimals.
  var hasTwoDecimals: Bool { ScoreFormula.rounded(self) == self }
}

extension Array {
  fileprivate func ifEmpty(_ other: () -> [Element]) -> [Element] { isEmpty ? other() : self }
}
