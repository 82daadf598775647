/// The end of a worker, step by step.
///
///     running ──requested──▶ draining ──grace over──▶ handingBack ──idle or patience over──▶ stopped
///                               └────────idle──────────────────────────────────────────────▶ stopped
///     any ──abort──▶ stopped
struct ShutdownState: Sendable {
  enum Phase: Hashable, Sendable {
    case running
    /// Claims nothing more; running jobs go on until `until` (never: as long as they take).
    case draining(until: Moment)
    /// Running jobs were cancelled and may still end by themselves until then.
    case handingBack(until: Moment)
    case stopped
  }

  enum Action: Hashable, Sendable {
    case none
    /// Claim nothing more and hand back what has not been started.
    case stopClaiming
    /// Cancel what runs.
    case cancelRunning
    /// Hand everything back by retiring the worker, then close.
    case retire
    /// Close at once; the server notices that this worker is gone.
    case close
  }

  /// How long cancelled handlers have to end by themselves.
  static let patience = Duration.seconds(2)

  private(set) var phase = Phase.running

  var mayClaim: Bool { phase == .running }
  var isOver: Bool { phase == .stopped }

  /// When `tick` wants to be called.
  var deadline: Moment? {
    switch phase {
    case .running, .stopped: nil
    case .draining(let until), .handingBack(let until): until
    }
  }

  /// - Parameter grace: nil waits for running jobs as long as they take.
  mutating func request(grace: Duration?, at now: Moment) -> Action {
    guard case .running = phase else { return .none }
    phase = .draining(until: grace.map { now + $0 } ?? .never)
    return .stopClaiming
  }

  /// Shortens a drain without limit to one of `grace`, when the process itself is told to end.
  mutating func hurry(grace: Duration, at now: Moment) {
    guard case .draining(let until) = phase else { return }
    phase = .draining(until: min(until, now + grace))
  }

  mutating func abort() -> Action {
    guard phase != .stopped else { return .none }
    phase = .stopped
    return .close
  }

  /// Time has passed or a job has ended. `isIdle`: nothing runs and every result is delivered.
  mutating func tick(isIdle: Bool, at now: Moment) -> Action {
    switch phase {
    case .draining, .handingBack:
      if isIdle { return stop() }
    case .running, .stopped: return .none
    }
    switch phase {
    case .draining(let until) where until <= now:
      phase = .handingBack(until: now + Self.patience)
      return .cancelRunning
    case .handingBack(let until) where until <= now: return stop()
    default: return .none
    }
  }

  private mutating func stop() -> Action {
    phase = .stopped
    return .retire
  }
}
