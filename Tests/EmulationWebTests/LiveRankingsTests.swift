import EmulationAwards
import Foundation
import Logging
import Testing

@testable import EmulationWeb

private let key = SampleBloc.key

private func live(_ store: MemoryStore, _ signals: HandSignals = HandSignals()) -> LiveRankings {
  LiveRankings(
    store: store, signals: signals,
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

@Suite(.timeLimit(.minutes(1))) struct LiveRankingsTests {
  @Test func `a watcher sees the present state, then the pending one, then the result`()
    async throws
  {
    let (store, signals) = (MemoryStore(), HandSignals())
    let live = live(store, signals)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await live.run() }
      var states = try #require(try await live.watch(key)).makeAsyncIterator()
      #expect(await states.next()?.text == "0.-")
      try await store.submitSheet(SampleBloc.sheet("CTD", actual: 1000))
      signals.send(.changed(key))
      let pending = try #require(await states.next { $0.text != "0.-" })
      #expect(pending.text == "1.-" && pending.isPending)
      try await store.recalculate()
      signals.send(.changed(key))
      let result = try #require(await states.next { $0.text != "1.-" })
      #expect(result.text == "1.1" && !result.isPending)
      tasks.cancelAll()
    }
  }

  @Test func `changes are found without signals too`() async throws {
    let store = MemoryStore()
    let live = live(store)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      var states = try #require(try await live.watch(key)).makeAsyncIterator()
      _ = await states.next()
      try await store.submitSheet(SampleBloc.sheet("CTD", actual: 1000))
      tasks.addTask { await live.run() }
      #expect(await states.next { $0.isPending }?.text == "1.-")
      tasks.cancelAll()
    }
  }

  @Test func `watchers are bounded, and one that leaves makes room`() async throws {
    let live = live(MemoryStore())
    var watchers: [AsyncStream<RankingStamp>] = []
    for _ in 0..<LiveRankings.maxWatchers {
      watchers.append(try #require(try await live.watch(key)))
    }
    #expect(try await live.watch(key) == nil)
    watchers.removeLast()
    #expect(try await live.watch(key) != nil)
  }

  @Test func `an unknown ranking cannot be watched`() async throws {
    await #expect(throws: EmulationError.self) {
      try await live(MemoryStore()).watch(BlocPeriodKey(bloc: "X", period: "1"))
    }
  }
}

extension AsyncStream<RankingStamp>.Iterator {
  /// The next state that fits; others are passed over.
  fileprivate mutating func next(_ fits: (RankingStamp) -> Bool) async -> RankingStamp? {
    while let state = await next() { if fits(state) { return state } }
    return nil
  }
}
