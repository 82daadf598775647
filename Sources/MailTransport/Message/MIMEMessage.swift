import Foundation

/// A message as it goes over the wire: RFC 5322 header, MIME body in base64, CRLF line ends.
struct MIMEMessage {
  let bytes: [UInt8]

  init(_ message: MailMessage) {
    let header = [
      "Date: \(Self.date(message.date))",
      "From: \(Self.addresses([message.from], after: "From: "))",
      "To: \(Self.addresses(message.to, after: "To: "))",
      "Message-ID: \(message.messageID)",
      "Subject: \(HeaderText.unstructured(message.subject, after: "Subject: "))",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64",
      "Content-Language: \(message.language)",
      // Vacation programs answer notices otherwise (RFC 3834).
      "Auto-Submitted: auto-generated",
    ]
    let text = header.joined(separator: "\r\n") + "\r\n\r\n" + Self.base64(message.body)
    bytes = Array(text.utf8)
  }

  /// Lines of 76 characters, as RFC 2045 limits them.
  private static func base64(_ body: String) -> String {
    let lines = body.replacing("\r\n", with: "\n").split(
      separator: "\n", omittingEmptySubsequences: false)
    let text = lines.joined(separator: "\r\n")
    let encoded = Data(text.utf8).base64EncodedString(
      options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
    return encoded + "\r\n"
  }

  /// One mailbox a line.
  private static func addresses(_ list: [MailAddress], after name: String) -> String {
    list.enumerated()
      .map { mailbox($1, after: $0 == 0 ? name : " ") }
      .joined(separator: ",\r\n ")
  }

  private static func mailbox(_ mailbox: MailAddress, after prefix: String) -> String {
    guard let name = mailbox.name else { return mailbox.address }
    return HeaderText.phrase(name, after: prefix) + "\r\n <\(mailbox.address)>"
  }

  /// "Wed, 13 Dec 2023 08:00:00 +0700": the time of Vietnam, in English whatever the locale.
  static func date(_ date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 7 * 3600)!
    let parts = calendar.dateComponents(
      [.year, .month, .day, .weekday, .hour, .minute, .second], from: date)
    let weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][parts.weekday! - 1]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let time = [parts.hour!, parts.minute!, parts.second!]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
    return "\(weekday), \(parts.day!) \(months[parts.month! - 1]) \(parts.year!) \(time) +0700"
  }
}
