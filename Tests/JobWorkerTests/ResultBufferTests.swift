import Testing

@testable import JobWorker

@Suite("Result buffer")
struct ResultBufferTests {
  private let start = Moment(nanoseconds: 1_000_000_000)
  private let key = ClaimKey(lane: 6, seq: 1 << 33)

  private var buffer: ResultBuffer {
    ResultBuffer(flushAge: .milliseconds(3), flushSize: 100)
  }

  private var settlement: Settlement {
    Settlement(key: key, ids: [1 << 40], isWhole: true, isFinal: true, notes: [])
  }

  @Test("results wait for the flush age of the oldest")
  func age() {
    var buffer = buffer
    #expect(buffer.due == nil)
    buffer.note(key, results: 1, at: start)
    buffer.note(ClaimKey(lane: 6, seq: 2), results: 1, at: start + .milliseconds(2))
    #expect(!buffer.isDue(at: start + .milliseconds(2)))
    #expect(buffer.isDue(at: start + .milliseconds(3)))
  }

  @Test("many results do not wait")
  func size() {
    var buffer = buffer
    buffer.note(key, results: 100, at: start)
    #expect(buffer.isDue(at: start))
  }

  @Test("a claim with news is named once")
  func once() {
    var buffer = buffer
    buffer.note(key, results: 1, at: start)
    buffer.note(key, results: 1, at: start)
    #expect(buffer.takeKeys() == [key])
    #expect(buffer.takeKeys().isEmpty)
    #expect(buffer.isEmpty)
  }

  @Test("what the server refused is sent again, later each time")
  func postponed() {
    var buffer = buffer
    buffer.postpone(settlement, at: start)
    #expect(!buffer.isEmpty)
    #expect(buffer.due == start + .milliseconds(100))
    #expect(buffer.takePostponed(at: start).isEmpty)
    let again = buffer.takePostponed(at: start + .milliseconds(100))
    #expect(again.map(\.refusals) == [1])
    buffer.postpone(again[0], at: start)
    #expect(buffer.due == start + .milliseconds(200))
  }

  @Test("what never got an answer is sent again at once")
  func resend() {
    var buffer = buffer
    buffer.resend([settlement], at: start)
    #expect(buffer.isDue(at: start))
    #expect(buffer.takePostponed(at: start) == [settlement])
  }
}
