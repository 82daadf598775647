import Testing

@testable import JobWorker

@Suite("Shutdown")
struct ShutdownStateTests {
  private let start = Moment(nanoseconds: 1_000_000_000)

  @Test("a request stops claiming and leaves running jobs their grace")
  func request() {
    var state = ShutdownState()
    #expect(state.mayClaim)
    #expect(state.request(grace: .seconds(25), at: start) == .stopClaiming)
    #expect(!state.mayClaim)
    #expect(state.tick(isIdle: false, at: start + .seconds(24)) == .none)
  }

  @Test("a worker that is idle retires at once")
  func idle() {
    var state = ShutdownState()
    _ = state.request(grace: .seconds(25), at: start)
    #expect(state.tick(isIdle: true, at: start) == .retire)
    #expect(state.isOver)
  }

  @Test("after the grace running jobs are cancelled, after a little patience handed back")
  func graceOver() {
    var state = ShutdownState()
    _ = state.request(grace: .seconds(25), at: start)
    let over = start + .seconds(25)
    #expect(state.tick(isIdle: false, at: over) == .cancelRunning)
    #expect(state.tick(isIdle: false, at: over + .seconds(1)) == .none)
    #expect(state.tick(isIdle: false, at: over + ShutdownState.patience) == .retire)
    #expect(state.tick(isIdle: false, at: over + .seconds(9)) == .none)
  }

  @Test("a second request changes nothing")
  func twice() {
    var state = ShutdownState()
    _ = state.request(grace: .seconds(5), at: start)
    #expect(state.request(grace: .seconds(50), at: start + .seconds(1)) == .none)
    #expect(state.deadline == start + .seconds(5))
  }

  @Test("an operator's drain has no end of its own, until the process is told to end")
  func operatorsDrain() {
    var state = ShutdownState()
    _ = state.request(grace: nil, at: start)
    #expect(state.tick(isIdle: false, at: start + .seconds(86400)) == .none)
    state.hurry(grace: .seconds(25), at: start)
    #expect(state.deadline == start + .seconds(25))
  }

  @Test("an abort closes at once, and only once")
  func abort() {
    var state = ShutdownState()
    _ = state.request(grace: .seconds(25), at: start)
    #expect(state.abort() == .close)
    #expect(state.abort() == .none)
    #expect(state.tick(isIdle: true, at: start) == .none)
  }
}
