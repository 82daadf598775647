/// Who has which connection, and who waits for one. Pure: events in, actions out.
struct PoolState<Resource> {
  typealias WaiterID = Int

  enum Action {
    case lease(WaiterID, Resource)
    case open
    /// Try to open again after a pause.
    case openLater
    case fail(WaiterID, DatabaseError)
    case close(Resource)
    /// Closing is complete.
    case drained
  }

  private let size: Int
  private let isUsable: (Resource) -> Bool
  /// The one used last is at the end and is taken first, so that a quiet pool keeps few awake.
  private var idle: [Resource] = []
  private var waiters: [WaiterID] = []
  private var opening = 0
  private var leased = 0
  private var hasOpenedOne = false
  private var isClosing = false
  private var lastFailure: DatabaseError?

  init(size: Int, isUsable: @escaping (Resource) -> Bool) {
    self.size = size
    self.isUsable = isUsable
  }

  mutating func acquire(_ id: WaiterID) -> [Action] {
    if isClosing { return [.fail(id, .poolClosed)] }
    waiters.append(id)
    return serveWaiters()
  }

  /// A connection that is free, for someone who need not get in line.
  mutating func takeIdle() -> Resource? {
    guard !isClosing, waiters.isEmpty, let last = idle.last, isUsable(last) else { return nil }
    leased += 1
    return idle.removeLast()
  }

  mutating func opened(_ resource: Resource) -> [Action] {
    opening -= 1
    (hasOpenedOne, lastFailure) = (true, nil)
    if isClosing { return [.close(resource)] + drainedIfSo() }
    idle.append(resource)
    return serveWaiters()
  }

  /// A failure is worth waiting out when the server was there before; a first failure, or one that
  /// only a changed setting can mend, is told at once.
  mutating func openFailed(_ error: DatabaseError) -> [Action] {
    lastFailure = error
    if isClosing || waiters.isEmpty {
      opening -= 1
      return drainedIfSo()
    }
    if hasOpenedOne && error.isRetryable { return [.openLater] }
    opening -= 1
    defer { waiters = [] }
    return waiters.map { .fail($0, error) }
  }

  /// The pause after a failure is over: is a connection still wanted?
  mutating func mayOpenAgain() -> Bool {
    if !isClosing && !waiters.isEmpty { return true }
    opening -= 1
    return false
  }

  mutating func released(_ resource: Resource, isReusable: Bool) -> [Action] {
    leased -= 1
    if isClosing || !isReusable { return [.close(resource)] + serveWaiters() + drainedIfSo() }
    idle.append(resource)
    return serveWaiters()
  }

  /// The waiter was cancelled or its deadline passed. nil when it has got its connection already.
  mutating func gaveUp(_ id: WaiterID) -> [Action]? {
    guard let index = waiters.firstIndex(of: id) else { return nil }
    waiters.remove(at: index)
    return []
  }

  /// Why waiting took so long, if opening failed.
  var reasonForWaiting: DatabaseError? { lastFailure }

  mutating func close() -> [Action] {
    isClosing = true
    defer { (waiters, idle) = ([], []) }
    return waiters.map { .fail($0, .poolClosed) } + idle.map { .close($0) } + drainedIfSo()
  }

  var isDrained: Bool { isClosing && leased == 0 && opening == 0 }

  private func drainedIfSo() -> [Action] { isDrained ? [.drained] : [] }

  private mutating func serveWaiters() -> [Action] {
    var actions: [Action] = []
    while let waiter = waiters.first, let resource = idle.popLast() {
      guard isUsable(resource) else {
        actions.append(.close(resource))
        continue
      }
      waiters.removeFirst()
      leased += 1
      actions.append(.lease(waiter, resource))
    }
    while opening < waiters.count, opening + leased < size {
      opening += 1
      actions.append(.open)
    }
    return actions
  }
}

extension DatabaseError {
  static let poolClosed = DatabaseError(.closed, "the connection pool was closed by this program")
}
