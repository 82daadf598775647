public import Foundation

/// A notice ready to travel: plain text, no formatting.
public struct NoticeMessage: Hashable, Sendable {
  /// With its angle brackets; the same on every attempt.
  public let messageID: String
  /// When the notice was written, for the Date header: the same on every attempt.
  public let date: Date
  public let senderName: String
  public let senderAddress: String
  public let recipientName: String
  public let recipientAddress: String
  public let subject: String
  /// Vietnamese first, English second; lines end with "\n".
  public let body: String

  public init(
    messageID: String, date: Date, senderName: String, senderAddress: String,
    recipientName: String, recipientAddress: String, subject: String, body: String
  ) {
    self.messageID = messageID
    self.date = date
    self.senderName = senderName
    self.senderAddress = senderAddress
    self.recipientName = recipientName
    self.recipientAddress = recipientAddress
    self.subject = subject
    self.body = body
  }
}

/// What a delivery that did not succeed left behind; it decides what may happen next.
public struct NoticeTransportError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// Surely not delivered, and trying again later can help (a 4xx reply, no connection).
    case temporary
    /// Surely not delivered, and trying again cannot help (a 5xx reply, a bad address).
    case permanent
    /// Perhaps delivered: the connection broke after the text had been handed over.
    case uncertain
  }
  public let kind: Kind
  /// For the operator: the server's reply or what broke.
  public let reason: String

  public init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  public var description: String { reason }
}

/// Carries notices out of the house.
public protocol NoticeTransport: Sendable {
  /// Whether delivering the same Message-ID again leaves one message, as in a Maildir whose file
  /// names derive from it. Then a delivery that died half-way may simply be repeated.
  var isIdempotent: Bool { get }
  /// Returns when the next server has taken the message, with its reply or the file's path.
  /// Throws ``NoticeTransportError``; any other error counts as uncertain.
  func deliver(_ message: NoticeMessage) async throws -> String
}
