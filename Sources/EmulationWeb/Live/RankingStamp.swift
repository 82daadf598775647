import EmulationAwards

/// Which state of a ranking a page shows: enough for a browser to see that it is behind.
struct RankingStamp: Hashable, Sendable {
  /// Revision of the figures.
  let input: Int64
  /// Revision that the newest result set was computed from; nil before the first.
  let result: Int64?

  init(_ blocPeriod: BlocPeriod, _ ranking: Ranking?) {
    input = blocPeriod.inputRevision
    result = ranking?.inputRevision
  }

  /// Whether a recalculation is still to come.
  var isPending: Bool { result ?? 0 < input }

  /// As pages carry it: `13.12`.
  var text: String { "\(input).\(result.map(String.init) ?? "-")" }

  /// What the live channel and the polling address answer.
  var json: String { #"{"stamp":"\#(text)","pending":\#(isPending)}"# }
}
