import JobQueue
import Testing

@testable import JobWorker

private struct Broken: Error, CustomStringConvertible {
  var description = "the printer is on fire"
}

@Suite("Outcome of a failed attempt")
struct FailureTests {
  private func outcome(
    _ error: any Error, attempt: Int = 1, maxAttempts: Int = 3, stop: StopReason = .none
  ) -> JobOutcome {
    var generator = SystemRandomNumberGenerator()
    let options = JobOptions(
      maxAttempts: maxAttempts, timeout: .seconds(30), backoff: .constant(.seconds(7)))
    return Failure(error: error, attempt: attempt, options: options, stop: stop)
      .outcome(using: &generator)
  }

  @Test("an error is tried again after the backoff, with type and description kept")
  func retry() {
    let outcome = outcome(Broken())
    #expect(outcome.kind == .retry)
    #expect(outcome.delay == .seconds(7))
    #expect(outcome.error == "Broken: the printer is on fire")
  }

  @Test("the last attempt's error makes a dead letter")
  func dead() {
    #expect(outcome(Broken(), attempt: 3).kind == .dead)
    #expect(outcome(JobControl.retry(after: .seconds(1)), attempt: 3).kind == .dead)
  }

  @Test("the handler's own word counts")
  func control() {
    #expect(outcome(JobControl.retry(after: .seconds(1))).delay == .seconds(1))
    #expect(outcome(JobControl.snooze(for: .seconds(2)), attempt: 3).kind == .snooze)
    let discarded = outcome(JobControl.discard(reason: "no such unit"))
    #expect(discarded.kind == .discard)
    #expect(discarded.error == "no such unit")
  }

  @Test("a payload that does not decode is dead at once")
  func undecodable() {
    #expect(outcome(UndecodablePayload(reason: "expected a number")).kind == .dead)
  }

  @Test("a timeout counts as a failed attempt, whatever the handler threw")
  func timeout() {
    let outcome = outcome(CancellationError(), stop: .timeout)
    #expect(outcome.kind == .retry)
    #expect(outcome.error == "timed out after 30.0 seconds")
  }

  @Test("an operator's cancel ends the job")
  func cancelled() {
    #expect(outcome(CancellationError(), stop: .cancelled).kind == .cancel)
  }

  @Test("a job that ends with the worker's grace is handed back, on its last attempt too")
  func handedBack() {
    #expect(outcome(CancellationError(), attempt: 3, stop: .shutdown).kind == .handBack)
  }

  @Test("a CancellationError that nobody asked for is an error like others")
  func ownCancellation() {
    #expect(outcome(CancellationError()).kind == .retry)
  }

  @Test("error texts are cut at a character's boundary and lose their NULs")
  func bounds() {
    let long = ErrorText.bounded(String(repeating: "ỗ", count: 5000))
    #expect(long.utf8.count <= JobOutcome.longestError)
    #expect(long.hasSuffix("ỗ…"))
    #expect(ErrorText.bounded("a\0b") == "a\u{FFFD}b")
    #expect(ErrorText.bounded("short") == "short")
  }
}
