import MailTransport
import Testing

/// One server for the suite; it wants STARTTLS and a login.
private enum SecureServer {
  static let shared = Result { try MailServer(encrypted: true) }
}

@Suite("A mail server with STARTTLS and login")
struct SMTPSecurityTests {
  let server: MailServer
  let options: String

  init() throws {
    server = try SecureServer.shared.get()
    let file = try #require(server.certificate?.certificate)
    options = "starttls=required&cafile=\(file)"
  }

  private func transport(_ login: String, _ options: String) throws -> SMTPTransport {
    let url = "smtp://\(login)@localhost:\(server.port)?\(options)"
    return try SMTPTransport(SMTPConfiguration(url: url))
  }

  private func refusal(_ transport: SMTPTransport) throws -> MailReply? {
    if case .refusedTemporarily(let reply) = try transport.send(notice()) { reply } else { nil }
  }

  @Test("takes a message over TLS after the login")
  func accepted() throws {
    let message = try notice()
    let delivery = try transport("thu:m%E1%BA%ADt%20kh%E1%BA%A9u", options).send(message)
    guard case .accepted = delivery else {
      Issue.record("expected accepted, got: \(delivery)")
      return
    }
    let mail = try #require(try server.received(message.messageID).first)
    #expect(mail.encrypted)
    #expect(mail.user == "thu")
  }

  @Test("refuses a wrong password, which is no refusal of the message and never printed")
  func wrongPassword() throws {
    let reply = try #require(try refusal(transport("thu:bi-mat", options)))
    #expect(!reply.description.contains("bi-mat"))
  }

  @Test("with a certificate that nobody vouches for gets nothing")
  func unknownCertificate() throws {
    let reply = try #require(try refusal(transport("thu:bi-mat", "starttls=required")))
    #expect(reply.text.contains("certificate"))
  }

  @Test("without STARTTLS gets nothing when it is required")
  func startTLSMissing() throws {
    let plain = try MailServer.shared.get()
    let url = "smtp://127.0.0.1:\(plain.port)?starttls=required"
    let message = try notice()
    let delivery = try SMTPTransport(SMTPConfiguration(url: url)).send(message)
    guard case .refusedTemporarily = delivery else {
      Issue.record("expected refused temporarily, got: \(delivery)")
      return
    }
    #expect(try plain.received(message.messageID).isEmpty)
  }
}
