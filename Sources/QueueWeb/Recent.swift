/// A value that is read at most once in a while, however many ask for it: those who ask while it is
/// read wait for the same reading. An error is told to them and not kept.
actor Recent<Value: Sendable> {
  private let freshness: Duration
  private let read: @Sendable () async throws -> Value
  private let clock: any Clock<Duration>
  private var current: (reading: Task<Value, any Error>, id: Int)?
  private var lastID = 0

  init(
    for freshness: Duration, clock: any Clock<Duration> = ContinuousClock(),
    read: @escaping @Sendable () async throws -> Value
  ) {
    self.freshness = freshness
    self.clock = clock
    self.read = read
  }

  func value() async throws -> Value {
    if let current { return try await current.reading.value }
    lastID += 1
    let (id, read) = (lastID, read)
    let reading = Task { try await read() }
    current = (reading, id)
    Task { [clock, freshness] in
      if case .success = await reading.result { try? await clock.sleep(for: freshness) }
      forget(id)
    }
    return try await reading.value
  }

  private func forget(_ id: Int) {
    if current?.id == id { current = nil }
  }
}
