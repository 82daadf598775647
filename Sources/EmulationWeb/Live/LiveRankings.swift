import EmulationAwards
import Logging
import Synchronization

/// Tells all open pages when a ranking changed: one listening connection to the database and one
/// query a change, however many browsers watch.
///
/// What is passed on is a state, not an event, so a lost message costs nothing: every watcher gets
/// the present state when it comes and at every beat, and a page that is behind fetches the table.
final class LiveRankings: Sendable {
  /// Most watchers at once; a further page polls instead.
  static let maxWatchers = 512
  /// While notifications arrive, states are passed on again this often, which also keeps proxies
  /// from closing quiet connections.
  static let beat = Duration.seconds(10)
  /// The same while the listening connection is away: then this is how changes are found.
  static let beatWithoutSignals = Duration.seconds(1)

  fileprivate struct Topic {
    var watchers: [Int: AsyncStream<RankingStamp>.Continuation] = [:]
  }

  fileprivate struct State {
    var topics: [BlocPeriodKey: Topic] = [:]
    var watchers = 0
    var lastWatcher = 0
    var isListening = false
  }

  private let state = Mutex(State())
  private let store: any EmulationStorage
  private let signals: any RankingSignals
  private let logger: Logger

  init(store: any EmulationStorage, signals: any RankingSignals, logger: Logger) {
    self.store = store
    self.signals = signals
    self.logger = logger
  }

  /// The states of a ranking from now on, the present one first; nil if too many watch already. Only
  /// the newest state is kept for a slow reader.
  func watch(_ key: BlocPeriodKey) async throws -> AsyncStream<RankingStamp>? {
    let present = try await stamp(of: key)
    let (stream, continuation) = AsyncStream.makeStream(
      of: RankingStamp.self, bufferingPolicy: .bufferingNewest(1))
    guard let watcher = state.withLock({ $0.add(continuation, to: key) }) else { return nil }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { $0.remove(watcher, from: key) }
    }
    continuation.yield(present)
    return stream
  }

  /// Pages that watch now.
  var watcherCount: Int { state.withLock { $0.watchers } }

  /// The present state, read from the database.
  func stamp(of key: BlocPeriodKey) async throws -> RankingStamp {
    // The period first: a ranking read later may be newer than it, never older than it says.
    let blocPeriod = try await store.blocPeriod(key)
    return RankingStamp(blocPeriod, try await store.ranking(of: key))
  }

  /// Reads the state and passes it on to whoever watches.
  func refresh(_ key: BlocPeriodKey) async {
    guard state.withLock({ $0.topics[key] != nil }) else { return }
    do {
      let present = try await stamp(of: key)
      state.withLock { $0.publish(present, to: key) }
    } catch {
      logger.warning("cannot read a ranking's state", metadata: ["error": "\(error)"])
    }
  }

  /// Listens and beats until cancelled. Never ends by an error: a database that is away costs
  /// liveliness only.
  func run() async {
    await withDiscardingTaskGroup { tasks in
      tasks.addTask { await self.listen() }
      tasks.addTask { await self.keepBeating() }
    }
  }

  private func listen() async {
    await signals.changes { signal in
      switch signal {
      case .listening:
        self.state.withLock { $0.isListening = true }
        await self.refreshAll()
      case .changed(let key): await self.refresh(key)
      case .lost: self.state.withLock { $0.isListening = false }
      }
    }
  }

  private func keepBeating() async {
    while !Task.isCancelled {
      let isListening = state.withLock { $0.isListening }
      try? await Task.sleep(for: isListening ? Self.beat : Self.beatWithoutSignals)
      await refreshAll()
    }
  }

  private func refreshAll() async {
    for key in state.withLock({ Array($0.topics.keys) }) { await refresh(key) }
  }
}

extension LiveRankings.State {
  fileprivate mutating func add(
    _ continuation: AsyncStream<RankingStamp>.Continuation, to key: BlocPeriodKey
  ) -> Int? {
    guard watchers < LiveRankings.maxWatchers else { return nil }
    watchers += 1
    lastWatcher += 1
    topics[key, default: .init()].watchers[lastWatcher] = continuation
    return lastWatcher
  }

  fileprivate mutating func remove(_ watcher: Int, from key: BlocPeriodKey) {
    guard topics[key]?.watchers.removeValue(forKey: watcher) != nil else { return }
    watchers -= 1
    if topics[key]?.watchers.isEmpty == true { topics[key] = nil }
  }

  fileprivate func publish(_ present: RankingStamp, to key: BlocPeriodKey) {
    for continuation in (topics[key]?.watchers ?? [:]).values { continuation.yield(present) }
  }
}
