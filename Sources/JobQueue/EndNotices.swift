import LibpqClient
import Synchronization

/// Hears of the ends of jobs, on one connection for all who wait. It is opened for the first and
/// closed when nobody has waited for a while.
actor EndNotices {
  private static let idleTime = Duration.seconds(10)

  private let database: ConnectionConfiguration
  private let channel: String
  private var waiting: [Int64: [Int: AsyncStream<Void>.Continuation]] = [:]
  private var waiters = 0
  private var connection: Connection?
  private var opening: Task<Void, Never>?

  init(database: ConnectionConfiguration, channel: String) {
    var database = database
    database.applicationName = "ong await"
    self.database = database
    self.channel = channel
  }

  /// News of one job from now on, until `limit` has passed. Where no connection can be had, its clock
  /// alone brings them.
  func news(of id: Int64, for limit: Duration) async -> EndNews {
    waiters += 1
    let waiter = waiters
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    waiting[id, default: [:]][waiter] = continuation
    continuation.onTermination = { [weak self] _ in
      Task { await self?.leave(id, waiter) }
    }
    await listen()
    return EndNews(stream, continuation, limit: limit)
  }

  private func leave(_ id: Int64, _ waiter: Int) async {
    waiting[id]?[waiter] = nil
    if waiting[id]?.isEmpty == true { waiting[id] = nil }
    guard waiting.isEmpty else { return }
    let last = waiters
    try? await Task.sleep(for: Self.idleTime)
    guard waiting.isEmpty, waiters == last, let idle = connection else { return }
    connection = nil
    await idle.close()
  }

  private func listen() async {
    guard connection == nil else { return }
    let task = opening ?? Task { await open() }
    opening = task
    await task.value
  }

  private func open() async {
    defer { opening = nil }
    guard let opened = try? await Connection.open(database) else { return }
    guard let notices = try? await opened.listen(channel) else { return await opened.close() }
    connection = opened
    Task { [weak self] in
      for await notice in notices { await self?.heard(notice.payload) }
      await self?.lost(opened)
    }
  }

  private func heard(_ payload: String) {
    guard let id = Int64(payload), let waiters = waiting[id] else { return }
    for continuation in waiters.values { continuation.yield() }
  }

  private func lost(_ old: Connection) {
    if connection === old { connection = nil }
  }
}

/// What one waiter hears: notices, and a clock that ticks more and more slowly in case one was missed.
final class EndNews: Sendable {
  private static let firstTick = Duration.milliseconds(25)
  private static let longestTick = Duration.seconds(5)

  private let stream: AsyncStream<Void>
  private let clock: Task<Void, Never>

  init(
    _ stream: AsyncStream<Void>, _ continuation: AsyncStream<Void>.Continuation, limit: Duration
  ) {
    self.stream = stream
    clock = Task {
      let end = ContinuousClock.now + limit
      var tick = Self.firstTick
      while !Task.isCancelled, ContinuousClock.now < end {
        let pause = min(tick, end - .now)
        try? await Task.sleep(for: pause)
        if ContinuousClock.now < end { continuation.yield() }
        tick = min(tick * 2, Self.longestTick)
      }
      continuation.finish()
    }
  }

  deinit { clock.cancel() }

  /// False when the time is up or the task is cancelled.
  func next() async -> Bool {
    for await _ in stream { return true }
    return false
  }
}
