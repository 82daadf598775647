import Foundation
import Testing

@testable import OngCommand

@Suite struct OptionsTests {
  @Test(
    "A queue is named with or without its slots",
    arguments: [("reports", "reports", nil), ("reports=2", "reports", 2), ("a=b=3", "a=b", 3)]
      as [(String, String, Int?)])
  func queue(text: String, name: String, slots: Int?) {
    let parsed = QueueSlots(argument: text)
    #expect(parsed?.name == name)
    #expect(parsed?.slots == slots)
  }

  @Test("What names no queue is refused", arguments: ["", "=2", "reports=", "reports=two"])
  func noQueue(text: String) {
    #expect(QueueSlots(argument: text) == nil)
  }

  @Test("Without a mail server notices go to the Maildir")
  func maildir() throws {
    let settings = try MailSettings(environment: ["ONG_SMTP_URL": ""])
    #expect(settings.server == nil)
    #expect(settings.destination(maildir: URL(filePath: "/x/mail")) == "Maildir /x/mail")
  }

  @Test("A mail server is told without its password")
  func server() throws {
    let settings = try MailSettings(environment: [
      "ONG_SMTP_URL": "smtp://an:secret@mail.example.vn", "ONG_MAIL_FROM": "thidua@example.vn",
    ])
    let told = settings.destination(maildir: URL(filePath: "/x/mail"))
    #expect(told == "smtp://mail.example.vn:587 with STARTTLS as an")
  }

  @Test(
    "Mail settings that cannot work are refused before anything starts",
    arguments: [
      ["ONG_SMTP_URL": "http://mail"], ["ONG_SMTP_URL": "smtp://mail.example.vn"],
      ["ONG_MAIL_FROM": "an@"], ["ONG_MAIL_FROM": "an@example.vn", "ONG_MAIL_NAME": "a\nb"],
    ])
  func refused(environment: [String: String]) {
    #expect { try MailSettings(environment: environment) } throws: {
      ($0 as? CommandFailure)?.status == .usage
    }
  }
}
