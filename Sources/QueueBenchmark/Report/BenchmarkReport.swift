/// What a run has measured.
public struct BenchmarkReport: Sendable {
  public let run: BenchmarkRun
  /// What the figures hold for, by name.
  public let conditions: [(name: String, value: Condition)]
  /// What the run is about.
  public let headline: Comparison
  /// Everything that was measured, the headline among it.
  public let parts: [Comparison]

  init(
    _ run: BenchmarkRun, conditions: [(name: String, value: Condition)], parts: [Comparison],
    headline: Int = 0
  ) {
    self.run = run
    self.conditions = conditions
    self.parts = parts
    self.headline = parts[headline]
  }

  /// A value of the conditions.
  public enum Condition: Sendable, Hashable {
    case text(String)
    case number(Int)
    case fraction(Double)
    case flag(Bool)
    case numbers([Int])
  }
}
