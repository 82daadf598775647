import JobQueue
import JobQueueTesting
import LibpqClient
import Testing

@testable import JobWorker

/// The bookkeeping of a claim under events in any order, against a model that has no atomics.
@Suite("Claimed batch, in any order")
struct ClaimedBatchProperties {
  private enum Place: Equatable {
    case waiting, running, committing, done, reported, gone
    var isFinished: Bool { self != .waiting && self != .running && self != .committing }
    var isClosed: Bool { self == .reported || self == .gone }
  }

  /// What the events have made of the jobs, and what must follow from it.
  private struct Model {
    var places: [Place]
    /// Of each job: how often its result may have been reported so far.
    var reportsDue: [Int]
    var reports: [Int]

    init(_ count: Int) {
      places = .init(repeating: .waiting, count: count)
      reportsDue = .init(repeating: 0, count: count)
      reports = reportsDue
    }

    var unfinished: Int { places.count { !$0.isFinished } }
    func all(_ place: Place) -> [Int] { places.indices.filter { places[$0] == place } }

    mutating func finish(_ place: Int) {
      places[place] = .done
      reportsDue[place] += 1
    }
  }

  private static let firstID: Int64 = 1 << 40

  static func batch(_ count: Int) -> ClaimedBatch {
    func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
    let rows = QueryResult.synthetic(
      columns: [("lane", .int4), ("id", .int8)],
      rows: (0..<count).map { [nil, bytes(firstID + Int64($0))] })
    return ClaimedBatch(
      key: ClaimKey(lane: 6, seq: 9), queue: 0, rows: rows, range: 0..<count, claimedAt: .now)
  }

  @Test("each job's result is reported once, and the claim ends with its last, in whatever order")
  func orders() async throws {
    try await forEachSeed(rounds: 2000) { random in
      let count = Int.random(in: 1...12, using: &random)
      let batch = Self.batch(count)
      var model = Model(count)
      for _ in 0..<Int.random(in: 1...120, using: &random) {
        try Self.step(batch, &model, &random)
        try hold(batch.unfinished == model.unfinished, "unfinished is \(batch.unfinished)")
        try hold(
          batch.hasUnreported == !model.all(.done).isEmpty, "unreported \(batch.hasUnreported)")
      }
      try Self.end(batch, &model)
    }
  }

  private static func step(
    _ batch: ClaimedBatch, _ model: inout Model, _ random: inout SeededGenerator
  ) throws {
    switch Int.random(in: 0..<13, using: &random) {
    case 0...2:
      if let place = batch.take() {
        try hold(model.places[place] == .waiting, "took \(place), \(model.places[place])")
        model.places[place] = .running
      }
    case 3...5: try finish(model.all(.running).randomElement(using: &random), batch, &model)
    case 6:
      let meant = Int.random(in: 0..<3, using: &random)
      for place in batch.takeMore(2, where: { $0 % 3 == meant }) {
        try hold(model.places[place] == .waiting, "took more: \(place)")
        model.places[place] = .running
      }
    case 7...8: try collect(batch, &model)
    case 9: try commit(batch, &model, &random)
    case 10: drop(batch, &model, &random)
    case 11:
      let wanted = Int.random(in: 0..<model.places.count, using: &random)
      batch.reopen { $0 == firstID + Int64(wanted) }
      if model.places[wanted] == .reported {
        model.places[wanted] = .done
        model.reportsDue[wanted] += 1
      }
    default:
      let wanted = Int.random(in: 0..<model.places.count, using: &random)
      let isFinished = batch.finishUntaken(id: firstID + Int64(wanted), .cancelled)
      try hold(isFinished == (model.places[wanted] == .waiting), "finished untaken \(wanted)")
      if isFinished { model.finish(wanted) }
    }
  }

  private static func finish(_ place: Int?, _ batch: ClaimedBatch, _ model: inout Model) throws {
    guard let place else { return }
    model.finish(place)
    let end = batch.finish(place, place % 2 == 0 ? .cancelled : nil)
    try hold(
      (end == .last) == (model.unfinished == 0), "finish \(place) of \(model.places) said \(end)")
    try hold(end != .dropped, "a running job's result was dropped")
  }

  private static func collect(_ batch: ClaimedBatch, _ model: inout Model) throws {
    let done = model.all(.done)
    let settlement = batch.collect()
    for place in done {
      model.places[place] = .reported
      model.reports[place] += 1
    }
    guard let settlement else { return try hold(done.isEmpty, "\(done) is done and not told") }
    try hold(settlement.ids == done.map { firstID + Int64($0) }, "told \(settlement.ids)")
    try hold(
      settlement.isFinal == model.places.allSatisfy(\.isClosed), "final: \(settlement.isFinal)")
    try hold(settlement.isWhole == (done.count == model.places.count), "whole")
    try hold(Set(settlement.notes.map(\.id)).isSubset(of: settlement.ids), "notes of others")
  }

  private static func commit(
    _ batch: ClaimedBatch, _ model: inout Model, _ random: inout SeededGenerator
  ) throws {
    if let place = model.all(.committing).first {
      let fate = [CommitFate.rolledBack, .committed, .lost].randomElement(using: &random)!
      batch.endCommit(place, fate)
      switch fate {
      case .rolledBack: model.places[place] = .running
      case .committed: model.places[place] = .reported
      case .lost: model.places[place] = .gone
      }
      return
    }
    let place = Int.random(in: 0..<model.places.count, using: &random)
    let mayBegin = model.places[place] == .running
    do {
      try batch.beginCommit(place)
      try hold(mayBegin, "a commit began of a job that is \(model.places[place])")
      model.places[place] = .committing
    } catch is JobTransactionError {
      try hold(!mayBegin, "a running job's commit was refused")
    }
  }

  private static func drop(
    _ batch: ClaimedBatch, _ model: inout Model, _ random: inout SeededGenerator
  ) {
    let lost = Set(
      model.places.indices.filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
    _ = batch.drop { lost.contains(Int($0 - firstID)) }
    for place in lost where [.waiting, .running, .done].contains(model.places[place]) {
      if model.places[place] == .done { model.reportsDue[place] -= 1 }
      model.places[place] = .gone
    }
  }

  /// Whatever happened: what runs ends, what waits is handed back, and nothing is left.
  private static func end(_ batch: ClaimedBatch, _ model: inout Model) throws {
    for place in model.all(.committing) {
      batch.endCommit(place, .rolledBack)
      model.places[place] = .running
    }
    for place in model.all(.running) { try finish(place, batch, &model) }
    let waiting = model.all(.waiting)
    try hold(batch.finishUntaken(.handBack("test")) == waiting.count, "handed back")
    for place in waiting { model.finish(place) }
    try collect(batch, &model)
    try hold(batch.unfinished == 0 && !batch.hasUnreported, "something is left")
    try hold(model.reports == model.reportsDue, "\(model.reports) of \(model.reportsDue) reports")
  }
}
