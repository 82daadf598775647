import MailTransport
import Testing

@Suite("A mail server URL")
struct SMTPConfigurationTests {
  @Test(
    "chooses port and encryption",
    arguments: [
      ("smtp://mail.example.vn", 587, SMTPConfiguration.Security.startTLS),
      ("smtp://mail.example.vn:2525", 2525, .startTLS),
      ("smtp://mail.example.vn?starttls=never", 25, .plain),
      ("smtps://mail.example.vn", 465, .tls),
      ("smtp://localhost", 25, .plain),
      ("smtp://127.0.0.1:1025", 1025, .plain),
      ("smtp://127.0.0.1.example.vn", 587, .startTLS),
      ("smtp://[::1]:1025", 1025, .plain),
      ("SMTP://localhost?starttls=required", 587, .startTLS),
    ])
  func portAndSecurity(
    url: String, port: Int, security: SMTPConfiguration.Security
  ) throws {
    let configuration = try SMTPConfiguration(url: url)
    #expect(configuration.port == port)
    #expect(configuration.security == security)
  }

  @Test("may carry a percent-encoded login, and nothing prints the password")
  func login() throws {
    let configuration = try SMTPConfiguration(url: "smtps://a%40b.vn:b%C3%AD%3Amat@mail.example.vn")
    #expect(configuration.user == "a@b.vn")
    #expect(configuration.password == "bí:mat")
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in ["\(configuration)", String(reflecting: configuration), dumped] {
      #expect(!text.contains("mat"), "\(text)")
      #expect(text.contains("smtps://mail.example.vn:465 as a@b.vn"))
    }
  }

  @Test(
    "that cannot be meant is refused without its password",
    arguments: [
      "http://user:geheim@host", "smtp://user:geheim@", "smtp://user:geheim@host/inbox",
      "smtp://user:geheim@host?starttls=maybe", "smtps://user:geheim@host?starttls=never",
      "smtp://user:geheim@host?color=red", "smtp://user:geheim@host:70000", "mail.example.vn", "",
      "smtp://user:geheim@ho%0Ast",
    ])
  func refused(url: String) {
    #expect { _ = try SMTPConfiguration(url: url) } throws: { error in
      guard case MailTransportError.malformedURL(let reason) = error else { return false }
      return !reason.contains("geheim")
    }
  }
}
