import Foundation
import JobQueue
import LibpqClient

/// One trip to the server on the claiming connection: results go, jobs come.
///
/// The results are one transaction, each claim and the heartbeat another; when one result is
/// refused the claims still come.
struct ClaimRound: Sendable {
  struct Ask: Sendable {
    /// Place in the engine's list of served queues.
    let queue: Int
    let name: String
    let limit: Int
  }

  let epoch: UUID
  let session: Int32
  /// Those that were refused before come first.
  let settlements: [Settlement]
  let asks: [Ask]
  /// How far jobs have come that report it.
  let progress: [ProgressBoard.Report]
  /// Busy slots, if a heartbeat is due.
  let heartbeat: Int?
  /// Handlers that hang.
  let leaked: Int

  init(
    epoch: UUID, session: Int32, settlements: [Settlement], asks: [Ask],
    progress: [ProgressBoard.Report] = [], heartbeat: Int?, leaked: Int = 0
  ) {
    self.epoch = epoch
    self.session = session
    self.settlements =
      settlements.filter { $0.refusals > 0 } + settlements.filter { $0.refusals == 0 }
    self.asks = asks
    self.progress = progress
    self.heartbeat = heartbeat
    self.leaked = leaked
  }

  /// Where the answers to `asks` begin.
  var firstAsk: Int { settlements.count + (progress.isEmpty ? 0 : 1) }
  var answers: Int { firstAsk + asks.count + (heartbeat == nil ? 0 : 1) }

  /// Has the transaction's commit not wait for the disk where no session can be told so once.
  private static let asynchronous = "set_config('synchronous_commit', 'off', true)"

  /// - Parameter isPooled: transactions of one connection meet different sessions of the server.
  func requests(_ sql: QueueSQL, isPooled: Bool) -> [PipelineRequest] {
    let from = isPooled ? " from " + Self.asynchronous : ""
    var requests: [PipelineRequest] = []
    for settlement in settlements {
      requests.append(settlement.request(sql, epoch: epoch, session: session, from: from))
      // It must not take others down with it again.
      if settlement.refusals > 0 { requests.append(.sync) }
    }
    requests.append(.sync)
    if !progress.isEmpty {
      requests.append(ProgressBoard.request(progress, sql, epoch: epoch, session: session))
      requests.append(.sync)
    }
    for ask in asks {
      requests.append(
        .query(
          "select \(ClaimColumn.list) from \(isPooled ? Self.asynchronous + ", " : "")"
            + "\(sql("claim_rows"))($1, $2, $3, $4)",
          [epoch, session, ask.name, Int32(ask.limit)]))
      requests.append(.sync)
    }
    if let heartbeat {
      requests.append(
        .query(
          "select draining, cancel, horizon, rated from \(sql("heartbeat"))($1, $2, $3, $4)",
          [epoch, session, Int32(heartbeat), Int32(leaked)]))
    }
    return requests
  }
}
