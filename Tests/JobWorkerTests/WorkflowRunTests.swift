import Foundation
import JobQueue
import JobQueueTesting
import JobWorker
import Synchronization
import Testing

/// Returns how many pages there are.
private struct CountPages: Job {
  static let kind = "test.count-pages"
  var pages: Int
  func run(in context: JobContext) async throws -> Int { pages }
}

private struct Note: JobPayload {
  static let kind = "test.note"
  static let options = JobOptions(maxAttempts: 1)
  var text: String
}

@Suite("Workflows run by workers")
struct WorkflowRunTests {
  private struct Heard: Sendable {
    var texts: [String] = []
  }

  @Test("Steps read what the steps before them returned, and signals' payloads")
  func inputs() async throws {
    try await TestQueue.with { test in
      let heard = Mutex(Heard())
      var registry = JobRegistry()
      registry.register(CountPages.self)
      registry.register(Note.self) { note, context in
        let inputs = try await test.queue.inputs(of: context.id)
        let pages = try inputs.value(of: "pages", as: Int.self) ?? -1
        let by = try inputs.value(of: "approval", as: String.self) ?? "nobody"
        heard.withLock { $0.texts.append("\(note.text) \(pages) \(by) \(context.step ?? "-")") }
      }
      var workflow = Workflow("report")
      let count = workflow.job("pages", CountPages(pages: 7))
      let approval = workflow.wait("approval", for: "approved", after: [count])
      workflow.job("print", Note(text: "print"), after: [count, approval])
      let id = try await test.queue.start(workflow)
      try await test.drain(registry)
      #expect(try await test.queue.workflow(id)?.step("approval")?.state == .released)
      #expect(try await test.queue.sendSignal("approved", to: id, payload: "Hoa") == .taken)
      try await test.drain(registry)
      #expect(heard.withLock { $0.texts } == ["print 7 Hoa print"])
      let story = try #require(try await test.queue.workflow(id))
      #expect(story.state == .succeeded)
      #expect(story.stepsLeft == 0)
      let job = try #require(story.step("print")?.job)
      let place = try #require(try await test.queue.story(job)?.workflow)
      #expect(place.id == id)
      #expect(place.step == "print")
      #expect(try await test.queue.workflows(state: .succeeded, name: "report").map(\.id) == [id])
    }
  }

  @Test("A batch's callback reads its counts, and dead members are retried as a whole")
  func batch() async throws {
    try await TestQueue.with { test in
      let heard = Mutex(Heard())
      let isMended = Mutex(false)
      var registry = JobRegistry()
      registry.register(Note.self) { note, context in
        if note.text == "bad", !isMended.withLock({ $0 }) {
          throw JobControl.discard(reason: "bad")
        }
        guard note.text == "done" else { return }
        let counts = try await test.queue.inputs(of: context.id).counts(ofBatch: "members")
        heard.withLock {
          $0.texts.append(
            "\(counts?.total ?? 0) \(counts?.succeeded ?? 0) \(counts?.discarded ?? 0)")
        }
      }
      let notes = (1...12_000).map { Note(text: $0 == 6000 ? "bad" : "good") }
      let id = try await test.queue.enqueueBatch(
        notes, callbacks: BatchCallbacks(settled: Note(text: "done")))
      try await test.drain(registry)
      #expect(heard.withLock { $0.texts } == ["12000 11999 1"])
      let story = try #require(try await test.queue.workflow(id))
      #expect(story.state == .failed)
      #expect(story.step("members")?.members?.discarded == 1)
    }
  }

  @Test("A running job adds steps that later ones wait for")
  func children() async throws {
    try await TestQueue.with { test in
      let heard = Mutex(Heard())
      var registry = JobRegistry()
      registry.register(Note.self) { note, context in
        if note.text == "split", let workflow = context.workflow {
          var plan = Workflow("children")
          for part in 1...3 { plan.job("part \(part)", Note(text: "part"), before: ["join"]) }
          try await test.queue.addSteps(of: plan, to: workflow)
        }
        heard.withLock { $0.texts.append(note.text) }
      }
      var workflow = Workflow("dynamic")
      let split = workflow.job("split", Note(text: "split"))
      workflow.job("join", Note(text: "join"), after: [split])
      let id = try await test.queue.start(workflow)
      try await test.drain(registry)
      let texts = heard.withLock { $0.texts }
      #expect(texts.sorted() == ["join", "part", "part", "part", "split"])
      #expect(texts.last == "join")
      #expect(try await test.queue.workflow(id)?.state == .succeeded)
    }
  }

  @Test("Cancelled and retried as a whole; a chain stops at a dead job")
  func operate() async throws {
    try await TestQueue.with { test in
      struct Broken: Error {}
      let isMended = Mutex(false)
      var registry = JobRegistry()
      registry.register(Note.self) { note, _ in
        if note.text == "2", !isMended.withLock({ $0 }) { throw Broken() }
      }
      let chain = Workflow.chain("c", ["1", "2", "3"].map { Note(text: $0) })
      let id = try await test.queue.start(chain)
      try await test.drain(registry)
      #expect(
        try await test.queue.workflow(id)?.steps.map(\.state) == [.succeeded, .dead, .cancelled])
      isMended.withLock { $0 = true }
      #expect(try await test.queue.retryWorkflow(id) == 2)
      try await test.drain(registry)
      #expect(try await test.queue.workflow(id)?.state == .succeeded)
      let other = try await test.queue.start(chain)
      #expect(try await test.queue.cancelWorkflow(other) == .cancelled)
      #expect(try await test.drain(registry).succeeded == 0)
      await #expect(throws: JobQueueError.self) { try await test.queue.cancelWorkflow(other) }
    }
  }

  @Test("The leader ends a wait whose deadline has passed")
  func deadline() async throws {
    try await TestQueue.with { test in
      var registry = JobRegistry()
      registry.register(Note.self) { _, _ in }
      var workflow = Workflow("late")
      let wait = workflow.wait(
        "paid", forEvent: "payment", key: "order 7", deadline: .milliseconds(50),
        atDeadline: .continue)
      workflow.job("remind", Note(text: "remind"), after: [wait])
      let id = try await test.queue.start(workflow)
      try await test.withWorker(registry) { _ in
        try await eventually("the workflow ends") {
          try await test.queue.workflow(id)?.state == .succeeded
        }
      }
      #expect(try await test.queue.sendEvent("payment", key: "order 7") == .kept)
    }
  }
}
