public import Foundation

/// How far a notice has come. `queued → sending → sent`, or `failed`, or `unknown` when nobody can
/// say whether it went out; an unknown one is never sent again without an operator's word.
public enum NoticeState: String, Sendable, Codable, CaseIterable {
  /// A job will send it.
  case queued
  /// A delivery is under way, or died under way.
  case sending
  /// The next server took it.
  case sent
  /// Refused for good; the reason is recorded.
  case failed
  /// The delivery may or may not have happened; an operator decides.
  case unknown

  public var label: LocalizedText {
    switch self {
    case .queued: LocalizedText(vi: "Chờ gửi", en: "Queued")
    case .sending: LocalizedText(vi: "Đang gửi", en: "Sending")
    case .sent: LocalizedText(vi: "Đã gửi", en: "Sent")
    case .failed: LocalizedText(vi: "Gửi không được", en: "Failed")
    case .unknown: LocalizedText(vi: "Chưa rõ", en: "Unknown")
    }
  }
}

/// Why somebody is told of a decision.
public enum NoticePurpose: String, Sendable, Codable, CaseIterable {
  /// The unit is awarded.
  case award
  /// The unit took part and is not awarded: those are told too.
  case result
  /// For the body that keeps the dossier.
  case information
}

/// Somebody who is told of decisions.
public struct Recipient: Hashable, Sendable, Codable, Identifiable {
  /// Short capital code; the identity.
  public let code: String
  /// The unit the recipient stands for; nil for the body that keeps the dossiers.
  public let unit: String?
  public let name: String
  public let email: String

  public var id: String { code }

  public init(code: String, unit: String?, name: String, email: String) {
    self.code = code
    self.unit = unit
    self.name = name.normalisedForStorage
    self.email = email
  }
}

/// One e-mail about one decision to one recipient for one purpose. There is never a second.
public struct Notice: Hashable, Sendable, Codable, Identifiable {
  public let id: Int64
  public let decision: Int64
  public let recipient: Recipient
  /// `email`
  public let channel: String
  public let purpose: NoticePurpose
  public let state: NoticeState
  /// Derived from decision, recipient, channel and purpose: stable over every attempt and run.
  /// With its angle brackets.
  public let messageID: String
  /// Deliveries begun so far.
  public let attempts: Int
  /// Why the last delivery failed or is in doubt; nil otherwise.
  public let trouble: String?
  public let sentAt: Date?

  public init(
    id: Int64, decision: Int64, recipient: Recipient, channel: String, purpose: NoticePurpose,
    state: NoticeState, messageID: String, attempts: Int, trouble: String?, sentAt: Date?
  ) {
    self.id = id
    self.decision = decision
    self.recipient = recipient
    self.channel = channel
    self.purpose = purpose
    self.state = state
    self.messageID = messageID
    self.attempts = attempts
    self.trouble = trouble
    self.sentAt = sentAt
  }
}
