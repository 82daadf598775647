/// How far a bloc has come with a period, from the draft of its plan to the published decision.
///
/// The states follow one another; a correction or a revocation comes after publication. Returning
/// is possible only before the meeting: a dossier that comes back later starts a new round.
public enum PeriodState: String, Sendable, Codable, CaseIterable {
  /// The bloc plan is being written.
  case draft
  /// Launched: units register and sign the pledge.
  case open
  /// Units send their self-score sheets.
  case scoring
  /// The check team reviews the sheets.
  case crossCheck = "cross_check"
  /// The summing-up conference deliberates; the ranking is shown live.
  case meeting
  /// Figures, ranks and quotas are frozen in a snapshot.
  case finalized
  /// The nomination went to the province.
  case submitted
  /// The chairman of the provincial People's Committee has decided.
  case decided
  /// The decision is published and those concerned are told.
  case published
  /// A correcting decision followed.
  case corrected
  /// The decision was revoked.
  case revoked

  /// The states that may follow this one.
  public var successors: [PeriodState] {
    switch self {
    case .draft: [.open]
    case .open: [.scoring, .draft]
    case .scoring: [.crossCheck, .open]
    case .crossCheck: [.meeting, .scoring]
    case .meeting: [.finalized, .crossCheck]
    case .finalized: [.submitted]
    case .submitted: [.decided]
    case .decided: [.published]
    case .published: [.corrected, .revoked]
    case .corrected: [.corrected, .revoked]
    case .revoked: []
    }
  }

  public func canMove(to next: PeriodState) -> Bool { successors.contains(next) }

  /// Whether figures are frozen: no sheet is accepted and nothing is recalculated any more.
  public var isFinal: Bool {
    switch self {
    case .draft, .open, .scoring, .crossCheck, .meeting: false
    case .finalized, .submitted, .decided, .published, .corrected, .revoked: true
    }
  }

  /// The states that are passed on the way forward to `goal`, which comes last; empty if the way
  /// does not lead there.
  func steps(to goal: PeriodState) -> [PeriodState] {
    let order = Self.allCases
    guard goal != .corrected, goal != .revoked, let start = order.firstIndex(of: self),
      let end = order.firstIndex(of: goal), start < end
    else { return [] }
    return Array(order[(start + 1)...end])
  }

  /// Whether the period has come far enough to be closed, and is not closed yet.
  var canBeClosed: Bool { self == .scoring || self == .crossCheck || self == .meeting }

  /// Whether a sheet of the stage may be sent now.
  public func accepts(_ stage: SheetStage) -> Bool {
    switch (self, stage) {
    case (.scoring, .selfScore): true
    case (.crossCheck, .firstReview), (.crossCheck, .secondReview): true
    case (.meeting, .secondReview): true
    default: false
    }
  }

  /// The state's name for pages and documents.
  public var label: LocalizedText {
    switch self {
    case .draft: LocalizedText(vi: "Dự thảo", en: "Draft")
    case .open: LocalizedText(vi: "Đã phát động", en: "Open")
    case .scoring: LocalizedText(vi: "Đang tự chấm điểm", en: "Scoring")
    case .crossCheck: LocalizedText(vi: "Đang kiểm tra chéo", en: "Cross-check")
    case .meeting: LocalizedText(vi: "Đang họp bình xét", en: "Meeting")
    case .finalized: LocalizedText(vi: "Đã chốt kết quả", en: "Finalised")
    case .submitted: LocalizedText(vi: "Đã trình", en: "Submitted")
    case .decided: LocalizedText(vi: "Đã có quyết định", en: "Decided")
    case .published: LocalizedText(vi: "Đã công bố", en: "Published")
    case .corrected: LocalizedText(vi: "Đã đính chính", en: "Corrected")
    case .revoked: LocalizedText(vi: "Đã thu hồi", en: "Revoked")
    }
  }
}
