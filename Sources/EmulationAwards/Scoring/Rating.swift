public import Foundation

/// The class of a unit's year (xếp loại).
public enum Rating: String, Sendable, Codable, CaseIterable, Comparable {
  case notCompleted = "not_completed"
  case completed
  case good
  case excellent

  public static func < (one: Rating, other: Rating) -> Bool { one.order < other.order }

  public var label: LocalizedText {
    switch self {
    case .excellent:
      LocalizedText(vi: "Hoàn thành xuất sắc nhiệm vụ", en: "Excellent")
    case .good: LocalizedText(vi: "Hoàn thành tốt nhiệm vụ", en: "Good")
    case .completed: LocalizedText(vi: "Hoàn thành nhiệm vụ", en: "Completed")
    case .notCompleted: LocalizedText(vi: "Không hoàn thành nhiệm vụ", en: "Not completed")
    }
  }

  private var order: Int {
    switch self {
    case .notCompleted: 0
    case .completed: 1
    case .good: 2
    case .excellent: 3
    }
  }
}

/// What a unit must reach for a class.
public struct RatingThreshold: Hashable, Sendable, Codable {
  public let rating: Rating
  /// Least total score, bonus and deductions included.
  public let atLeast: Decimal
  /// Least share of each leaf's maximum, in percent (0…100); adjustments are not looked at. A unit
  /// with one leaf below it falls to the next class whose conditions it meets.
  public let minimumPercentage: Decimal

  public init(rating: Rating, atLeast: Decimal, minimumPercentage: Decimal) {
    self.rating = rating
    self.atLeast = atLeast
    self.minimumPercentage = minimumPercentage
  }
}
