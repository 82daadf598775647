public import Foundation

/// A chart of horizontal bars that start at 0, drawn as vectors. It stays on one page if it can.
public struct BarChart: Sendable {
  /// Set in bold above the chart; nil for none.
  public var title: String?
  /// Names of the parts of each bar, for the legend. One name or none: plain bars, no legend.
  public var series: [String]
  public var bars: [Bar]
  /// Dashed vertical lines, such as the limits of classes.
  public var marks: [Mark]
  /// End of the scale, unless a bar or a mark goes beyond it. Default: the next round number above
  /// the longest bar.
  public var maximum: Decimal?
  /// Digits after the comma in the values beside the bars.
  public var fractionDigits: Int

  public init(
    title: String? = nil, series: [String] = [], bars: [Bar], marks: [Mark] = [],
    maximum: Decimal? = nil, fractionDigits: Int = 0
  ) {
    self.title = title
    self.series = series
    self.bars = bars
    self.marks = marks
    self.maximum = maximum
    self.fractionDigits = fractionDigits
  }

  public struct Bar: Sendable {
    public var label: String
    /// One value a series; negative ones are drawn as 0.
    public var values: [Decimal]
    /// The number beside the bar. Default: the sum of `values`.
    public var total: Decimal
    /// Sets a plain bar in a darker tone and its number in bold, as for the leader.
    public var isEmphasised: Bool

    public init(
      _ label: String, _ values: [Decimal], total: Decimal? = nil, isEmphasised: Bool = false
    ) {
      self.label = label
      self.values = values
      self.total = total ?? values.reduce(0, +)
      self.isEmphasised = isEmphasised
    }

    /// What is drawn of `values`.
    var lengths: [Double] { values.map { max(0, $0.double) } }
  }

  public struct Mark: Sendable {
    public var value: Decimal
    public var label: String

    public init(_ value: Decimal, _ label: String) {
      self.value = value
      self.label = label
    }
  }
}
