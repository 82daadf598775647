import Foundation
import MailTransport
import Testing

@Suite("A mail server")
struct SMTPTransportTests {
  let server: MailServer
  let transport: SMTPTransport

  init() throws {
    server = try MailServer.shared.get()
    transport = try SMTPTransport(SMTPConfiguration(url: "smtp://127.0.0.1:\(server.port)"))
  }

  @Test("takes a message, and its Unicode arrives as Python's email package reads it")
  func accepted() throws {
    let message = try notice()
    let delivery = try transport.send(message)
    #expect(delivery == .accepted(.init(reference: "250 2.0.0 Taken", isNew: true)))

    let mails = try server.received(message.messageID)
    let mail = try #require(mails.first)
    #expect(mails.count == 1)
    #expect(mail.subject == Sample.subject)
    #expect(mail.body == Sample.body)
    #expect(mail.from == ["Khối thi đua|khoi@example.vn"])
    #expect(mail.to == ["Hội Khuyến học tỉnh|hoi@example.vn"])
    #expect(mail.envelopeFrom == "khoi@example.vn")
    #expect(mail.envelopeTo == ["hoi@example.vn"])
    #expect(mail.date == "2023-12-13T08:00:00+07:00")
    #expect(mail.language == "vi")
    #expect(mail.defects == [])
    #expect(mail.longestLine <= 76)
  }

  @Test("says for good that it does not take a message", arguments: ["nobody", "spam"])
  func refusedPermanently(recipient: String) throws {
    let message = try notice(to: recipient)
    let expected =
      recipient == "nobody"
      ? MailReply(code: 550, text: "5.1.1 No such person here")
      : MailReply(code: 554, text: "5.7.1 Looks like spam to this server")
    #expect(try transport.send(message) == .refusedPermanently(expected))
    #expect(try server.received(message.messageID).isEmpty)
  }

  @Test("says that it does not take a message now", arguments: ["busy", "full"])
  func refusedTemporarily(recipient: String) throws {
    let expected =
      recipient == "busy"
      ? MailReply(code: 451, text: "4.7.1 Come back later")
      : MailReply(code: 452, text: "4.2.2 Mailbox full")
    #expect(try transport.send(notice(to: recipient)) == .refusedTemporarily(expected))
  }

  @Test("breaks off after the text, so that nobody knows whether it took the message")
  func uncertain() throws {
    let message = try notice(to: "dropped")
    let delivery = try transport.send(message)
    guard case .uncertain = delivery else {
      Issue.record("expected uncertain, got: \(delivery)")
      return
    }
    #expect(try server.received(message.messageID).count == 1)
  }

  @Test("stays silent after the text, which is uncertain when the time is over")
  func timeout() throws {
    var configuration = try SMTPConfiguration(url: "smtp://127.0.0.1:\(server.port)")
    configuration.timeout = .milliseconds(400)
    let started = ContinuousClock.now
    let delivery = try SMTPTransport(configuration).send(notice(to: "silent"))
    guard case .uncertain = delivery else {
      Issue.record("expected uncertain, got: \(delivery)")
      return
    }
    #expect(ContinuousClock.now - started < .seconds(10))
  }

  @Test("breaks off before the text, which surely delivered nothing")
  func droppedEarly() throws {
    let delivery = try transport.send(notice(to: "dropped-early"))
    guard case .refusedTemporarily(let reply) = delivery else {
      Issue.record("expected refused temporarily, got: \(delivery)")
      return
    }
    #expect(reply.code == nil)
  }

  @Test("that is not there is tried again later")
  func notThere() throws {
    // Port 1 of this machine: nobody listens there.
    let transport = try SMTPTransport(SMTPConfiguration(url: "smtp://127.0.0.1:1"))
    guard case .refusedTemporarily(let reply) = try transport.send(notice()) else {
      Issue.record("expected refused temporarily")
      return
    }
    #expect(reply.text.contains("127.0.0.1"))
  }

  @Test("gets the next message over the same connection, also after a refusal")
  func connectionReuse() throws {
    let messages = try (0..<3).map { _ in try notice() }
    for message in messages { _ = try transport.send(message) }
    let connections = try messages.map { try server.received($0.messageID)[0].connection }
    #expect(Set(connections).count == 1)
    _ = try transport.send(notice(to: "nobody"))
    guard case .accepted = try transport.send(notice()) else {
      Issue.record("expected accepted after a refusal")
      return
    }
  }

  @Test(
    "that leaves an idle connection gets the next message over a new one, once",
    arguments: ["closing", "leaving", "leaving-politely"])
  func staleConnection(manner: String) throws {
    _ = try transport.send(notice(to: manner))
    let message = try notice()
    guard case .accepted = try transport.send(message) else {
      Issue.record("expected accepted")
      return
    }
    #expect(try server.received(message.messageID).count == 1)
  }

  @Test("takes messages of several threads at once")
  func manyThreads() async throws {
    let messages = try (0..<12).map { _ in try notice() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for message in messages {
        group.addTask { [transport] in _ = try transport.send(message) }
      }
      try await group.waitForAll()
    }
    for message in messages { #expect(try server.received(message.messageID).count == 1) }
  }
}
