import EmulationAwards
import Foundation
import JobQueue
import LibpqClient
import Logging
import Synchronization
import Testing

struct NoticeTests {
  private let key = BlocPeriodKey(bloc: "HDT", period: "2023")

  /// A published decision with its notices queued.
  private func published(_ database: EmulationDatabase) async throws -> [Notice] {
    _ = try await database.store.importSample(SampleData.builtIn())
    _ = try await database.store.recalculate(key)
    _ = try await database.store.close(key)
    let decision = try #require(try await database.store.decisions(of: key).first)
    #expect(try await database.store.fanOut(decision.id) == 16)
    return try await database.store.notices(of: key)
  }

  private func notice(_ id: Int64, _ database: EmulationDatabase) async throws -> Notice {
    try #require(try await database.store.notices(of: key).first { $0.id == id })
  }

  @Test("Everybody gets one notice for the right purpose, however often the decision is fanned out")
  func fanOut() async throws {
    try await EmulationDatabase.with { database in
      let notices = try await published(database)
      #expect(Set(notices.map(\.state)) == [.queued])
      #expect(Set(notices.map(\.messageID)).count == 16)
      #expect(notices.filter { $0.purpose == .award }.count == 5)
      #expect(notices.filter { $0.purpose == .information }.map(\.recipient.code) == ["SNV"])
      #expect(try await database.store.fanOut(notices[0].decision, batch: 3) == 0)
      #expect(try await database.jobs("award.notify") == 16)
    }
  }

  @Test("Notices are fanned out in batches, each with its jobs")
  func batches() async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(SampleData.builtIn())
      _ = try await database.store.recalculate(key)
      _ = try await database.store.close(key)
      let decision = try #require(try await database.store.decisions(of: key).first)
      #expect(try await database.store.fanOut(decision.id, batch: 4) == 16)
      #expect(try await database.jobs("award.notify") == 16)
    }
  }

  @Test("The Message-ID follows from the notice's identity alone")
  func messageID() async throws {
    let ids = Mutex<[[String]]>([])
    for _ in 0..<2 {
      try await EmulationDatabase.with { database in
        let notices = try await published(database)
        ids.withLock { $0.append(notices.map(\.messageID)) }
      }
    }
    ids.withLock {
      #expect($0[0] == $0[1])
      #expect($0[0].allSatisfy { $0.wholeMatch(of: /<[0-9a-f]{40}@ong\.invalid>/) != nil })
    }
  }

  @Test("A notice is sent once, however often its job runs")
  func once() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      let transport = RecordingTransport()
      try await SendNotice(notice: id).run(database.store, transport, .test())
      try await SendNotice(notice: id).run(database.store, transport, .test())
      #expect(transport.messages.count == 1)
      let sent = try await notice(id, database)
      #expect(sent.state == .sent)
      #expect(sent.sentAt != nil)
      #expect(sent.attempts == 1)
      #expect(transport.messages[0].messageID == sent.messageID)
    }
  }

  @Test("A delivery that died in the middle is never repeated by itself")
  func died() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      // The worker died after its state was committed and before the server's answer.
      guard case .deliver = try await database.store.beginDelivery(of: id, isIdempotent: false)
      else { throw UnexpectedTurn() }
      let transport = RecordingTransport()
      try await SendNotice(notice: id).run(database.store, transport, .test(attempt: 1))
      try await SendNotice(notice: id).run(database.store, transport, .test(attempt: 2))
      #expect(transport.messages.isEmpty)
      #expect(try await notice(id, database).state == .unknown)

      let jobs = try await database.jobs("award.notify")
      try await database.store.settleNotice(id, as: .again)
      #expect(try await database.jobs("award.notify") == jobs + 1)
      try await SendNotice(notice: id).run(database.store, transport, .test())
      #expect(transport.messages.count == 1)
      #expect(try await notice(id, database).state == .sent)
      await #expect(throws: EmulationError.self) {
        try await database.store.settleNotice(id, as: .again)
      }
    }
  }

  @Test("Where delivering twice does no harm, a delivery that died is repeated")
  func idempotent() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      _ = try await database.store.beginDelivery(of: id, isIdempotent: true)
      let transport = RecordingTransport(isIdempotent: true)
      try await SendNotice(notice: id).run(database.store, transport, .test())
      #expect(transport.messages.count == 1)
      #expect(try await notice(id, database).state == .sent)
      #expect(try await notice(id, database).attempts == 2)
    }
  }

  @Test("A delivery that was given up and succeeds late is recorded as sent")
  func late() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      guard
        case .deliver(_, let attempt) = try await database.store.beginDelivery(
          of: id, isIdempotent: false)
      else { throw UnexpectedTurn() }
      try await SendNotice(notice: id).run(database.store, RecordingTransport(), .test())
      #expect(try await notice(id, database).state == .unknown)
      #expect(
        try await database.store.endDelivery(of: id, attempt: attempt, .sent, reply: "250 ok"))
      #expect(try await notice(id, database).state == .sent)
    }
  }

  @Test("A late failure of a delivery that was given up changes nothing")
  func lateFailure() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      _ = try await database.store.beginDelivery(of: id, isIdempotent: true)
      _ = try await database.store.beginDelivery(of: id, isIdempotent: true)
      #expect(
        try await !database.store.endDelivery(of: id, attempt: 1, .queued, reply: "421 later"))
      #expect(try await notice(id, database).state == .sending)
    }
  }

  @Test(
    "A refused delivery ends as the refusal says",
    arguments: [
      (NoticeTransportError.Kind.temporary, NoticeState.queued, true),
      (.permanent, .failed, false), (.uncertain, .unknown, false),
    ])
  func refusal(kind: NoticeTransportError.Kind, state: NoticeState, retries: Bool) async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      let transport = RecordingTransport(failure: NoticeTransportError(kind, "reply"))
      let job = SendNotice(notice: id)
      if retries {
        await #expect(throws: NoticeTransportError.self) {
          try await job.run(database.store, transport, .test())
        }
      } else {
        try await job.run(database.store, transport, .test())
      }
      #expect(try await notice(id, database).state == state)
      #expect(try await notice(id, database).trouble == "reply")
    }
  }

  @Test("The last temporary refusal makes the notice fail")
  func lastAttempt() async throws {
    try await EmulationDatabase.with { database in
      let id = try await published(database)[0].id
      let transport = RecordingTransport(failure: NoticeTransportError(.temporary, "451 later"))
      await #expect(throws: NoticeTransportError.self) {
        try await SendNotice(notice: id).run(
          database.store, transport, .test(attempt: SendNotice.options.maxAttempts))
      }
      #expect(try await notice(id, database).state == .failed)
    }
  }

  @Test("Notices speak Vietnamese first and English second")
  func texts() async throws {
    try await EmulationDatabase.with { database in
      let transport = RecordingTransport()
      for notice in try await published(database) {
        try await SendNotice(notice: notice.id).run(database.store, transport, .test())
      }
      func body(_ address: String) throws -> String {
        try #require(transport.messages.first { $0.recipientAddress.hasPrefix(address) }).body
      }
      let award = try body("chuthapdo@")
      #expect(award.contains("Quyết định số 212/QĐ-UBND ngày 15 tháng 3 năm 2024"))
      #expect(award.contains("- Cờ thi đua của Ủy ban nhân dân tỉnh"))
      #expect(award.contains("101,50 điểm, xếp hạng 1, xếp loại “Hoàn thành xuất sắc nhiệm vụ”"))
      #expect(award.contains("101.50 points, rank 1"))
      #expect(
        award.firstRange(of: "Kính gửi")!.lowerBound < award.firstRange(of: "To:")!.lowerBound)
      let unranked = try body("tuyeunuoc@")
      #expect(unranked.contains("không thuộc danh sách khen thưởng"))
      #expect(unranked.contains("Không xếp hạng: chưa đăng ký thi đua"))
      let keeper = try body("thiduakhenthuong@")
      #expect(keeper.contains("1. Hội Chữ thập đỏ tỉnh: Cờ thi đua của Ủy ban nhân dân tỉnh"))
      #expect(
        transport.messages.allSatisfy { $0.body == $0.body.precomposedStringWithCanonicalMapping })
    }
  }
}

struct UnexpectedTurn: Error {}

/// Remembers what it was given; fails if it is told to.
final class RecordingTransport: NoticeTransport {
  let isIdempotent: Bool
  private let failure: NoticeTransportError?
  private let delivered = Mutex<[NoticeMessage]>([])

  init(isIdempotent: Bool = false, failure: NoticeTransportError? = nil) {
    self.isIdempotent = isIdempotent
    self.failure = failure
  }

  var messages: [NoticeMessage] { delivered.withLock { $0 } }

  func deliver(_ message: NoticeMessage) async throws -> String {
    if let failure { throw failure }
    delivered.withLock { $0.append(message) }
    return "250 ok"
  }
}

extension JobContext {
  /// A context as a worker would make it.
  static func test(attempt: Int = 1) -> JobContext {
    JobContext(
      id: 1 << 40, attempt: attempt, crashes: 0, enqueuedAt: Date(),
      run: JobRun(
        kind: SendNotice.kind, queue: "notices", maxAttempts: SendNotice.options.maxAttempts,
        logger: { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } },
        isCancelled: { _ in false }))
  }
}
