/// How the domain behaves in one installation.
public struct EmulationSettings: Sendable {
  /// Least time between two recalculations of one bloc and period. The first edit after a quiet time
  /// is computed at once, the edits that follow within this time are computed together at its end.
  /// Zero: none waits. Default: 3 s.
  public var recalculationDebounce: Duration = .seconds(3)
  /// Right side of the Message-IDs of new notices. Default: `ong.invalid`, a name that is nobody's.
  public var messageIDDomain = "ong.invalid"
  /// Who notices come from.
  public var senderName = "Thi đua - Khen thưởng"
  public var senderAddress = "thidua@ong.invalid"

  public init() {}
}
