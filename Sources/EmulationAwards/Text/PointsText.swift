import DocumentRendering
public import Foundation

/// Points as they are printed: always two decimals.
public enum PointsText {
  /// "97,50"
  public static func vietnamese(_ points: Decimal) -> String {
    VietnameseNumber.string(points, fractionDigits: 2)
  }

  /// "97.50"
  public static func english(_ points: Decimal) -> String {
    vietnamese(points).replacing(".", with: "").replacing(",", with: ".")
  }
}
