/// What runs side by side in one process and ends together.
struct Household {
  struct Part: Sendable {
    var run: @Sendable () async throws -> Void
    /// Asks `run` to end in good order; returns at once.
    var shutDown: @Sendable () -> Void
  }

  var parts: [Part]

  /// Runs all parts until a signal comes, or one of them ends or fails; then all are asked to end,
  /// and it returns when they have. Throws the first failure.
  ///
  /// - Parameter onRequest: called when a signal asks for the end.
  func run(until signals: ShutdownSignals, onRequest: @escaping @Sendable (String) -> Void)
    async throws
  {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let watch = Task {
        await signals.requested()
        guard let name = signals.requestedBy else { return }
        onRequest(name)
        shutDown()
      }
      defer { watch.cancel() }
      for part in parts { group.addTask { try await part.run() } }
      var failure: (any Error)?
      while let ended = await group.nextResult() {
        if case .failure(let error) = ended, failure == nil { failure = error }
        shutDown()
      }
      if let failure { throw failure }
    }
  }

  private func shutDown() {
    for part in parts { part.shutDown() }
  }
}
