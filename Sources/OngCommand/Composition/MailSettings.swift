import Foundation
import MailTransport

/// Who sends the notices, and through which server: from the environment, where secrets belong.
///
///     ONG_SMTP_URL    smtp://user:password@host:587, see SMTPConfiguration; unset: a Maildir
///     ONG_MAIL_FROM   thidua@example.vn
///     ONG_MAIL_NAME   the sender's name
struct MailSettings {
  var server: SMTPConfiguration?
  var senderAddress: String?
  var senderName: String?

  init(environment: [String: String]) throws {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    do {
      server = try value("ONG_SMTP_URL").map { try SMTPConfiguration(url: $0) }
    } catch {
      throw CommandFailure(.usage, "ONG_SMTP_URL: \(error)")
    }
    senderAddress = value("ONG_MAIL_FROM")
    senderName = value("ONG_MAIL_NAME")
    if server != nil && senderAddress == nil {
      throw CommandFailure(
        .usage, "a mail server is set, and no sender",
        advice: "set ONG_MAIL_FROM to the address that notices come from")
    }
    if let senderAddress {
      do {
        _ = try MailAddress(senderAddress, name: senderName)
      } catch {
        throw CommandFailure(.usage, "ONG_MAIL_FROM: \(error)")
      }
    }
  }

  func transport(maildir: URL) throws -> MailNotices {
    if let server { return MailNotices(try SMTPTransport(server), isIdempotent: false) }
    return MailNotices(try Maildir(path: maildir.path), isIdempotent: true)
  }

  /// Where notices go, for the person who starts the program.
  func destination(maildir: URL) -> String {
    server.map { "\($0)" } ?? "Maildir \(maildir.path(percentEncoded: false))"
  }
}
