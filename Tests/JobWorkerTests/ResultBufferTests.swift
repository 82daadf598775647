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

  @Test("results wait for the flush age of their claim's oldest")
  func age() {
    var buffer = buffer
    #expect(buffer.due == nil)
    buffer.note(key, results: 1, isDone: false, at: start)
    buffer.note(key, results: 1, isDone: false, at: start + .milliseconds(2))
    #expect(!buffer.isDue(at: start + .milliseconds(2)))
    #expect(buffer.isDue(at: start + .milliseconds(3)))
    #expect(buffer.takeKeys(at: start + .milliseconds(2)).isEmpty)
    #expect(buffer.takeKeys(at: start + .milliseconds(3)) == [key])
    #expect(buffer.isEmpty)
  }

  @Test("a claim that is done goes with any trip, but asks for one only by its age")
  func done() {
    var buffer = buffer
    buffer.note(key, results: 1, isDone: true, at: start)
    #expect(buffer.due == start + .milliseconds(3))
    #expect(buffer.takeKeys(at: start) == [key])
  }

  @Test("many results do not wait")
  func size() {
    var buffer = buffer
    buffer.note(key, results: 60, isDone: false, at: start)
    #expect(!buffer.isDue(at: start))
    buffer.note(key, results: 40, isDone: false, at: start)
    #expect(buffer.isDue(at: start))
    #expect(buffer.takeKeys(at: start) == [key])
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
