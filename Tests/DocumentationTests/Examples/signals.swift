import JobQueue
import JobQueueTesting
import JobWorker
import Testing

private struct AskCouncil: JobPayload {
  static let kind = "council.ask"
  var bloc: Int
}

private struct RemindCouncil: JobPayload {
  static let kind = "council.remind"
  var bloc: Int
}

private struct Publish: JobPayload {
  static let kind = "publish"
  var bloc: Int
}

private struct Approval: Codable, Sendable {
  var by: String
}

@Suite("The page signals.md")
struct SignalsPage {
  private var registry: JobRegistry {
    var registry = JobRegistry()
    registry.register(AskCouncil.self) { _, _ in }
    registry.register(RemindCouncil.self) { _, _ in }
    registry.register(Publish.self) { _, _ in }
    return registry
  }

  @Test("The page's workflow waits for its signal")
  func signal() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      var award = Workflow("award")
      let ask = award.job("ask", AskCouncil(bloc: 7))
      let approval = award.wait(
        "approval", for: "approved", deadline: .seconds(14 * 86_400), atDeadline: .fail,
        after: [ask])
      award.job("publish", Publish(bloc: 7), after: [approval])
      award.job("remind", RemindCouncil(bloc: 7), after: [approval.failed])
      let id = try await queue.start(award)

      try await test.drain(registry)
      #expect(try await queue.workflow(id)?.step("approval")?.state == .released)
      try await queue.sendSignal("approved", to: id, payload: Approval(by: "Hoa"))
      let publish = try #require(try await queue.workflow(id)?.step("publish")?.job)
      let inputs = try await queue.inputs(of: publish)
      #expect(try inputs.value(of: "approval", as: Approval.self)?.by == "Hoa")
      try await test.drain(registry)
      #expect(try await queue.workflow(id)?.state == .succeeded)
    }
  }

  @Test("The page's workflow waits for its event")
  func event() async throws {
    try await TestQueue.with { test in
      let queue = test.queue
      var order = Workflow("order 7")
      let paid = order.wait("paid", forEvent: "payment", key: "order 7")
      order.job("ship", Publish(bloc: 7), after: [paid])
      let shipping = try await queue.start(order)
      let delivery = try await queue.sendEvent(
        "payment", key: "order 7", payload: Approval(by: "bank"))
      #expect(delivery == .taken)
      try await test.drain(registry)
      #expect(try await queue.workflow(shipping)?.state == .succeeded)
    }
  }
}
