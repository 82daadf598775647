package import EmulationAwards

/// Where word of changed rankings comes from.
package protocol RankingSignals: Sendable {
  /// Hands over signals, one after the other, until the task is cancelled; keeps reconnecting by
  /// itself.
  func changes(_ receive: @Sendable (RankingSignal) async -> Void) async
}

package enum RankingSignal: Sendable, Equatable {
  /// From here on nothing is missed; what happened before may have been.
  case listening
  /// Figures or results of this bloc and period changed.
  case changed(BlocPeriodKey)
  /// The source is away; it is being looked for.
  case lost
}
