public import Foundation

/// One plain text message in Unicode.
///
/// Every field is checked when it is made: a value with a line break can never become a header.
public struct MailMessage: Sendable, Hashable {
  public let messageID: MessageID
  /// Given by the caller, so that the same notice is the same message each time it is rendered.
  public let date: Date
  public let from: MailAddress
  public let to: [MailAddress]
  public let subject: String
  /// Line breaks may be LF or CRLF. Sent in base64, so that any text arrives unchanged.
  public let body: String
  /// BCP 47 tag for the Content-Language header. Default: "vi".
  public let language: String

  /// Throws `MailFormatError` for control characters in the subject or the language, for no
  /// recipient or more than 100 of them.
  public init(
    messageID: MessageID, date: Date, from: MailAddress, to: [MailAddress], subject: String,
    body: String, language: String = "vi"
  ) throws {
    try MailFormatError.refuseControls(in: subject, field: "Subject")
    guard !language.isEmpty,
      language.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "-") })
    else { throw MailFormatError.malformed(field: "Content-Language", value: language) }
    guard (1...100).contains(to.count) else { throw MailFormatError.recipientCount(to.count) }
    self.messageID = messageID
    self.date = date
    self.from = from
    self.to = to
    self.subject = subject
    self.body = body
    self.language = language
  }
}

/// The stable name of a message: "award-7-12@ong.example", without angle brackets.
///
/// A subset of RFC 5322: letters, digits and `.-_+=` on both sides of one `@`, at most 200
/// characters, so that it is also a file name.
public struct MessageID: Sendable, Hashable, CustomStringConvertible {
  public let value: String

  public init(_ value: String) throws {
    let parts = value.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, value.utf8.count <= 200, parts.allSatisfy(Self.isDotAtom) else {
      throw MailFormatError.malformed(field: "Message-ID", value: value)
    }
    self.value = value
  }

  public var description: String { "<\(value)>" }

  private static func isDotAtom(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.utf8.allSatisfy { $0.isAlphanumeric || "-_+=".utf8.contains($0) }
    }
  }
}

/// A mailbox with an optional name: "Hội Khuyến học" <hkh@example.org>.
public struct MailAddress: Sendable, Hashable {
  public let name: String?
  public let address: String

  /// Throws `MailFormatError` unless `address` is `local@domain` in ASCII without quotes, at most
  /// 254 characters, and `name` is free of control characters.
  public init(_ address: String, name: String? = nil) throws {
    guard Self.isValid(address) else {
      throw MailFormatError.malformed(field: "address", value: address)
    }
    if let name { try MailFormatError.refuseControls(in: name, field: "display name") }
    self.address = address
    self.name = name.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func isValid(_ address: String) -> Bool {
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, address.utf8.count <= 254, parts[0].utf8.count <= 64 else {
      return false
    }
    let atoms = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    return atoms.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isAtomText) }
      && labels.allSatisfy(isLabel)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
      && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
  }
}

/// A value that no message may carry.
public enum MailFormatError: Error, Hashable, CustomStringConvertible {
  /// Line breaks and other control characters, with which a value could become a header.
  case controlCharacter(field: String)
  case malformed(field: String, value: String)
  case recipientCount(Int)

  public var description: String {
    switch self {
    case .controlCharacter(let field):
      "expected \(field) without line breaks and control characters"
    case .malformed(let field, let value): "malformed \(field): “\(value.prefix(80))”"
    case .recipientCount(let count): "expected 1 to 100 recipients, got: \(count)"
    }
  }

  static func refuseControls(in text: String, field: String) throws {
    let hasControl = text.unicodeScalars.contains {
      // LINE and PARAGRAPH SEPARATOR break lines too.
      $0.properties.generalCategory == .control || $0 == "\u{2028}" || $0 == "\u{2029}"
    }
    if hasControl { throw MailFormatError.controlCharacter(field: field) }
  }
}

extension UInt8 {
  var isAlphanumeric: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// RFC 5322 `atext`.
  var isAtomText: Bool { isAlphanumeric || "!#$%&'*+-/=?^_`{|}~".utf8.contains(self) }
}
