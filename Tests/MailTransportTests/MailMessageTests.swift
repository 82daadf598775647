import Foundation
import MailTransport
import Testing

@Suite("A mail message")
struct MailMessageTests {
  @Test(
    "refuses a subject that could become a header",
    arguments: ["a\r\nBcc: x@example.vn", "a\nb", "a\rb", "a\0b", "a\u{85}b", "a\u{2028}b"])
  func subjectInjection(subject: String) {
    #expect(throws: MailFormatError.controlCharacter(field: "Subject")) {
      try notice(subject: subject)
    }
  }

  @Test("refuses a display name that could become a header")
  func nameInjection() {
    #expect(throws: MailFormatError.controlCharacter(field: "display name")) {
      try MailAddress("a@example.vn", name: "Hội\r\nBcc: x@example.vn")
    }
  }

  @Test(
    "refuses an address that is not one",
    arguments: [
      "", "a", "@b.vn", "a@", "a b@c.vn", "a@b@c.vn", "a@b..vn", ".a@b.vn", "a@-b.vn", "a@b.vn>",
      "a@b.vn\r\nRCPT TO:<x@y.vn>", "hội@b.vn", "\"a\"@b.vn",
      String(repeating: "a", count: 65) + "@b.vn",
    ])
  func addresses(address: String) {
    #expect(throws: MailFormatError.self) { try MailAddress(address) }
  }

  @Test(
    "refuses a Message-ID that is not a file name too",
    arguments: [
      "", "a", "a@", "@b", "a@b@c", "../a@b", "a/b@c", ".a@b", "a..b@c", "<a@b>", "a b@c", "a\n@b",
      "đ@b", String(repeating: "a", count: 200) + "@b",
    ])
  func messageIDs(value: String) {
    #expect(throws: MailFormatError.self) { try MessageID(value) }
  }

  @Test("refuses no recipient, too many, and a language that is no tag")
  func recipientsAndLanguage() throws {
    let address = try MailAddress("a@example.vn")
    func message(to: [MailAddress], language: String = "vi") throws {
      _ = try MailMessage(
        messageID: Sample.id(), date: Sample.date, from: address, to: to, subject: "", body: "",
        language: language)
    }
    #expect(throws: MailFormatError.recipientCount(0)) { try message(to: []) }
    #expect(throws: MailFormatError.recipientCount(101)) {
      try message(to: Array(repeating: address, count: 101))
    }
    #expect(throws: MailFormatError.self) { try message(to: [address], language: "vi\r\nX: y") }
  }

  @Test(
    "carries every subject, name and body unchanged",
    arguments: [
      "", "Plain", "  Khoảng trắng hai đầu  ", "=?utf-8?B?SGk=?=", "Dấu \"ngoặc\" và \\ gạch",
      String(repeating: "Chữ dài ", count: 60), String(repeating: "x", count: 300),
      "🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝🐝", "e\u{301}\u{323}",
    ])
  func roundTrip(text: String) throws {
    let server = try MailServer.shared.get()
    let transport = try SMTPTransport(SMTPConfiguration(url: "smtp://127.0.0.1:\(server.port)"))
    let message = try MailMessage(
      messageID: Sample.id(), date: Sample.date,
      from: MailAddress("khoi@example.vn", name: text),
      to: [MailAddress("a@example.vn", name: text), MailAddress("b@example.vn")], subject: text,
      body: text)
    _ = try transport.send(message)
    let mail = try #require(try server.received(message.messageID).first)
    #expect(Array(mail.subject.unicodeScalars) == Array(text.unicodeScalars))
    #expect(mail.from == ["\(text)|khoi@example.vn"])
    #expect(mail.to == ["\(text)|a@example.vn", "|b@example.vn"])
    #expect(mail.envelopeTo == ["a@example.vn", "b@example.vn"])
    #expect(mail.body == text)
    #expect(mail.defects == [])
    #expect(mail.longestLine <= 76)
  }
}
