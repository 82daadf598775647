import LibpqClient

extension JobQueue {
  /// Limits what may wait in a queue; both nil lifts the limits. Beyond them `enqueue` throws
  /// `.queueFull` or waits. For operators.
  ///
  /// - Parameters:
  ///   - maxWaiting: most jobs in the log that nobody has claimed, at least 1. Jobs for a later time
  ///     are neither counted nor refused.
  ///   - maxAge: how long the oldest of them may have waited, at least 1 ms.
  public func setBackpressure(
    _ queue: String, maxWaiting: Int? = nil, maxAge: Duration? = nil
  ) async throws {
    _ = try await run(
      """
      select \(sql("set_backpressure"))($1, $2::int, make_interval(secs => $3::float8))
      """, [queue, maxWaiting.map { Int32(clamping: $0) }, maxAge?.inSeconds])
  }

  /// Tries again and again, with growing pauses of random length up to half a second, while `attempt`
  /// answers nil.
  ///
  /// - Throws: `JobQueueError.Code.queueFull` when the time is up.
  func waitingForRoom<T>(
    in queue: String, upTo limit: Duration, _ attempt: () async throws -> T?
  ) async throws -> T {
    let end = ContinuousClock.now + limit
    var backoff = Backoff(initial: .milliseconds(10), cap: .milliseconds(500))
    while true {
      if let value = try await attempt() { return value }
      guard ContinuousClock.now < end else {
        throw JobQueueError(
          .queueFull, "queue \"\(queue)\" was full for \(limit)",
          hint: "Wait longer, let more workers run, or raise the limit with set_backpressure.")
      }
      try await Task.sleep(for: min(backoff.next(), end - .now))
    }
  }
}
