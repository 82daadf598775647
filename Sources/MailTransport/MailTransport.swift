import Foundation

/// A way to hand over mail. Calls block their thread; any number of threads may call at once.
public protocol MailTransport: Sendable {
  /// Hands one message over and says what became of it. Throws only before anything was sent, for
  /// a fault on this side: a folder that cannot be written, or a library that does not start.
  func send(_ message: MailMessage) throws -> Delivery
}

/// What became of one message.
public enum Delivery: Sendable, Hashable {
  /// The other side has taken responsibility for the message.
  case accepted(MailReceipt)
  /// The server will never take this message (5xx). Nothing was delivered.
  case refusedPermanently(MailReply)
  /// Not now: the server said 4xx, could not be reached, or broke off before it had the message.
  /// Nothing was delivered, so that it may be tried again.
  case refusedTemporarily(MailReply)
  /// The connection broke after the whole message was sent and before the server answered: it may
  /// or may not arrive. To send it again can deliver it twice.
  case uncertain(MailReply)
}

public struct MailReceipt: Sendable, Hashable {
  /// The server's last words, or the path of the file.
  public let reference: String
  /// False if the same Message-ID had been delivered before and nothing was added. Only a Maildir
  /// can tell; servers always count as new.
  public let isNew: Bool

  public init(reference: String, isNew: Bool) {
    self.reference = reference
    self.isNew = isNew
  }
}

public struct MailReply: Sendable, Hashable, CustomStringConvertible {
  /// The SMTP reply code, or nil if the reason is not a reply of the server.
  public let code: Int?
  /// The server's text, or what the library says about the connection.
  public let text: String

  public init(code: Int?, text: String) {
    self.code = code
    self.text = text
  }

  public var description: String { code.map { "\($0) \(text)" } ?? text }
}

/// A fault on this side of the wire.
public enum MailTransportError: Error, Hashable, CustomStringConvertible {
  /// A server URL that cannot be used; the text names the part and never the password.
  case malformedURL(String)
  /// libcurl could not be started or refused an option.
  case library(String)
  /// A file operation of a Maildir.
  case file(operation: String, path: String, errno: Int32)

  public var description: String {
    switch self {
    case .malformedURL(let reason): "malformed mail server URL: \(reason)"
    case .library(let reason): "libcurl: \(reason)"
    case .file(let operation, let path, let errno):
      "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
    }
  }
}
