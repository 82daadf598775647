/// What was said in the delivery of one message: a pure record from which the outcome follows.
struct SMTPExchange {
  /// How far the delivery came. Each stage holds until the next begins.
  enum Stage: Int, Comparable {
    /// Connection, greeting, TLS and login: nothing of the message was named.
    case preparing
    /// MAIL FROM was said, then RCPT TO and DATA.
    case envelope
    /// All of the text was handed over; the server may have it.
    case handedOver

    static func < (one: Stage, other: Stage) -> Bool { one.rawValue < other.rawValue }
  }

  private let text: [UInt8]
  private var position = 0
  private(set) var stage = Stage.preparing
  /// The lines of the server's newest reply.
  private var replyLines: [String] = []
  private var replyEnded = true
  /// QUIT was said: what follows is no answer to the message.
  private var isLeaving = false

  init(text: [UInt8]) { self.text = text }

  /// A command that libcurl sends. Only its name is looked at: others may carry the password.
  mutating func sent(command: some Collection<UInt8>) {
    if stage == .preparing, command.starts(with: "MAIL ".utf8) { stage = .envelope }
    if command.starts(with: "QUIT".utf8) { isLeaving = true }
  }

  /// One line of a reply: "250-first" or "250 last".
  mutating func received(line: some Collection<UInt8>) {
    if isLeaving { return }
    if replyEnded { replyLines = [] }
    let line = String(decoding: line, as: UTF8.self)
    replyLines.append(line.filter { !$0.isNewline })
    replyEnded = line.dropFirst(3).first != "-"
  }

  /// The next part of the text, at most `count` bytes; an empty one ends it.
  mutating func nextText(_ count: Int) -> ArraySlice<UInt8> {
    let part = text[position...].prefix(count)
    position += part.count
    if position == text.count { stage = .handedOver }
    return part
  }

  private var code: Int? { replyLines.first.flatMap { Int($0.prefix(3)) } }

  private var reply: MailReply? {
    guard let code else { return nil }
    return MailReply(code: code, text: replyLines.map { $0.dropFirst(4) }.joined(separator: " "))
  }

  /// The server was gone, or said goodbye, before it had the text.
  var foundNoServer: Bool { stage < .handedOver && (code == nil || code == 421) }

  /// The server took the message.
  var accepted: Delivery {
    .accepted(MailReceipt(reference: reply?.description ?? "", isNew: true))
  }

  /// What an error means. `problem` is what libcurl says about it.
  func failed(_ problem: String) -> Delivery {
    if stage > .preparing, let reply, let code = reply.code {
      // 421 is also said by a server that goes away, whatever was asked.
      if (500..<600).contains(code) { return .refusedPermanently(reply) }
      if (400..<500).contains(code) { return .refusedTemporarily(reply) }
    }
    if stage == .handedOver { return .uncertain(MailReply(code: nil, text: problem)) }
    // Refusals before the envelope (greeting, TLS, login) are about this client, not the message.
    if let reply, let code = reply.code, code >= 400 {
      return .refusedTemporarily(MailReply(code: code, text: "\(reply.text) (\(problem))"))
    }
    return .refusedTemporarily(MailReply(code: nil, text: problem))
  }
}
