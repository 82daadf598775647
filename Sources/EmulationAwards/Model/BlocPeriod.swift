/// Names one bloc in one period: the unit of scoring, recalculation and reporting.
public struct BlocPeriodKey: Hashable, Sendable, Codable, CustomStringConvertible {
  public let bloc: String
  public let period: String

  public init(bloc: String, period: String) {
    self.bloc = bloc
    self.period = period
  }

  /// `HDT/2023`
  public var description: String { "\(bloc)/\(period)" }
}

/// One bloc in one period, as it stands now.
public struct BlocPeriod: Hashable, Sendable, Codable {
  public let bloc: Bloc
  public let period: Period
  public let state: PeriodState
  public let head: BlocHead
  /// The scheme that scores this period; its version never changes after the period has opened.
  public let schemeCode: String
  public let schemeVersion: Int
  /// Counts the accepted edits of figures; every result set names the revision it was computed from.
  public let inputRevision: Int64

  public var key: BlocPeriodKey { BlocPeriodKey(bloc: bloc.code, period: period.code) }

  public init(
    bloc: Bloc, period: Period, state: PeriodState, head: BlocHead, schemeCode: String,
    schemeVersion: Int, inputRevision: Int64
  ) {
    self.bloc = bloc
    self.period = period
    self.state = state
    self.head = head
    self.schemeCode = schemeCode
    self.schemeVersion = schemeVersion
    self.inputRevision = inputRevision
  }
}
