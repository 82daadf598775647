import Logging
import Testing

@testable import JobWorker

@Suite("Log of an outage")
struct OutageLogTests {
  @Test("an outage is a warning at first, every 30 s, and when it is a new one")
  func levels() {
    let start = Moment(nanoseconds: 1_000_000_000)
    var log = OutageLog()
    #expect(log.level(at: start) == .warning)
    #expect(log.level(at: start + .seconds(29)) == .debug)
    #expect(log.level(at: start + .seconds(30)) == .warning)
    #expect(log.level(at: start + .seconds(31)) == .debug)
    log.end()
    #expect(log.level(at: start + .seconds(32)) == .warning)
  }
}
