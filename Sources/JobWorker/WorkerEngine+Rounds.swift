import Foundation
import JobQueue
import LibpqClient
import Logging

// Sending results and fetching jobs.
extension WorkerEngine {
  /// For claims, results and heartbeats; a server that takes longer counts as lost.
  static let roundTimeout = Duration.seconds(10)

  /// Rounds under way at a time. With two the server has nothing to do whenever the answer to one is read
  /// here only after the other is done, too.
  private static let mostRounds = 3

  /// How often results that the server refuses are compared with what it regards as open.
  private static let mostDoubts = 3

  /// Sends what is due, if anything is and the connection is free. A round goes behind others that are not
  /// answered yet only to claim.
  func sendRound(at now: Moment) {
    guard case .up(let connection) = link, roundsUnderWay < Self.mostRounds else { return }
    let isHeartbeatDue = nextHeartbeat <= now
    let isAskDue = shutdown.mayClaim && served.earliest() <= now
    guard isAskDue || roundsUnderWay == 0 else { return }
    let progress = shared.progress.take(at: now)
    guard isAskDue || isHeartbeatDue || buffer.isDue(at: now) || !progress.isEmpty else { return }
    let asks = asks(at: now)
    let round = ClaimRound(
      epoch: epoch, session: session, settlements: takeSettlements(at: now), asks: asks,
      progress: progress, heartbeat: isHeartbeatDue ? busy : nil, leaked: shared.leaks.now)
    for ask in asks {
      served.update(ask.queue) {
        $0.plan.claimSent(ask.limit)
        $0.ladder.asked()
        $0.askedAt = now
      }
    }
    if isHeartbeatDue { nextHeartbeat = now + settings.heartbeat }
    roundsUnderWay += 1
    connection.submit(
      round.requests(sql, isPooled: isPooled), timeout: Self.roundTimeout, now: true,
      overlapping: true
    ) { [executor] answers in
      executor.queue.async {
        self.assumeIsolated {
          $0.received(answers, to: round, on: connection)
          $0.pump()
        }
      }
    }
  }

  /// Most claims of one round, so that a worker of thousands of queues still sends its heartbeats in time.
  private static let mostAsks = 256

  /// Claims for the queues that have room and whose time, by their ladder, has come or nearly so.
  private func asks(at now: Moment) -> [ClaimRound.Ask] {
    guard shutdown.mayClaim else { return [] }
    return served.joining(at: now, atMost: Self.mostAsks).map {
      ClaimRound.Ask(queue: $0, name: served[$0].name, limit: served[$0].plan.claimSize)
    }
  }

  func takeSettlements(at now: Moment) -> [Settlement] {
    var settlements = buffer.takePostponed(at: now)
    for key in buffer.takeKeys(at: now) {
      guard let settlement = open[key]?.batch.collect() else { continue }
      settlements.append(settlement)
      guard settlement.isFinal, let entry = open.removeValue(forKey: key) else { continue }
      // Its last jobs may have finished since the news was read; nobody looks at it again.
      if entry.left > 0 {
        served.update(entry.batch.queue) { $0.plan.finished(entry.left, at: now) }
      }
    }
    return settlements
  }

  private func received(
    _ answers: [Result<QueryResult, DatabaseError>], to round: ClaimRound,
    on connection: Connection
  ) {
    roundsUnderWay -= 1
    let now = Moment.now
    // Under another epoch by now: all of it is void.
    guard round.epoch == epoch else { return }
    guard answers.count == round.answers, !answers.contains(where: \.isLost) else {
      unsure += round.settlements
      for ask in round.asks { served.update(ask.queue) { $0.plan.claimFailed(ask.limit) } }
      return loseLink(connection)
    }
    settled(round, answers.prefix(round.settlements.count), at: now)
    for (ask, answer) in zip(round.asks, answers.dropFirst(round.firstAsk)) {
      claimed(ask, answer, at: now)
    }
    if round.heartbeat != nil, let answer = answers.last { beat(answer, at: now) }
    if let fatal = answers.lazy.compactMap(\.queueErrorCode).first(where: \.endsSession) {
      sessionEnded(fatal, on: connection)
    }
  }

  private func settled(
    _ round: ClaimRound, _ answers: ArraySlice<Result<QueryResult, DatabaseError>>, at now: Moment
  ) {
    for (settlement, answer) in zip(round.settlements, answers) {
      guard case .failure(let error) = answer else {
        if let soonest = settlement.notes.compactMap(\.outcome.delay).min() {
          deferred(for: soonest)
        }
        continue
      }
      switch JobQueueError(error)?.code {
      case .workerDead: break
      case .staleSession: unsure.append(settlement)
      case .claimNotOwned: refused(settlement, error, at: now)
      default: postpone(settlement, error, at: now)
      }
    }
  }

  /// The server says that (some of) these jobs are not ours to settle.
  private func refused(_ settlement: Settlement, _ error: DatabaseError, at now: Moment) {
    if settlement.isWhole {
      // Perhaps the server has closed a part of the claim by itself: name the jobs.
      var named = settlement
      named.isWhole = false
      named.refusals += 1
      return buffer.resend([named], at: now)
    }
    if settlement.doubts < Self.mostDoubts {
      // Or earlier results of the claim were put off, so that these were not its last: the server is
      // asked what is still open, as after a lost connection.
      var doubted = settlement
      doubted.doubts += 1
      unsure.append(doubted)
      if case .up(let connection) = link { loseLink(connection) }
      return
    }
    logger.error(
      "results refused, the jobs belong to others or are done",
      metadata: ["jobs": "\(settlement.ids.count)", "error": "\(error)"])
  }

  private func postpone(_ settlement: Settlement, _ error: DatabaseError, at now: Moment) {
    if error.kind == .pipelineAborted { return buffer.resend([settlement], at: now) }
    logger.warning(
      "results not taken, trying again",
      metadata: ["jobs": "\(settlement.ids.count)", "error": "\(error)"])
    buffer.postpone(settlement, at: now)
  }

  private func claimed(
    _ ask: ClaimRound.Ask, _ answer: Result<QueryResult, DatabaseError>, at now: Moment
  ) {
    switch answer {
    case .success(let rows):
      let claimed = ClaimAnswer(rows)
      let action = served.update(ask.queue) {
        $0.plan.claimAnswered(claimed.jobs, of: ask.limit, at: now)
        return $0.ladder.claimed(claimed.jobs, of: ask.limit, at: now)
      }
      accept(claimed, queue: ask.queue, at: now)
      perform(action, queue: ask.queue)
    case .failure(let error):
      served.update(ask.queue) {
        $0.plan.claimFailed(ask.limit)
        $0.ladder.refused(at: now)
      }
      guard error.kind != .pipelineAborted, JobQueueError(error)?.code.endsSession != true else {
        return
      }
      logger.warning(
        "claim failed, trying again in 1 s",
        metadata: ["queue": "\(ask.name)", "error": "\(error)"])
    }
  }

  func accept(_ answer: ClaimAnswer, queue: Int, at now: Moment) {
    guard !answer.claims.isEmpty else { return }
    let batches = answer.claims.map { claim in
      ClaimedBatch(
        key: claim.key, queue: queue, rows: answer.rows, range: claim.range, claimedAt: now)
    }
    for batch in batches { open[batch.key] = Open(batch: batch, left: batch.count) }
    beginPatrol(at: now)
    guard shutdown.mayClaim else {
      for batch in batches where batch.finishUntaken(.handBack("the worker drains")) > 0 {
        note(batch, at: now)
      }
      return
    }
    arrivals.append((queue, batches))
  }

  /// Hands what has arrived to the slots, after the next round was sent: they wake threads that would
  /// take this one's place while the server has nothing to do.
  func offerArrivals() {
    for (queue, batches) in arrivals { pools[queue].offer(batches) }
    arrivals = []
  }

  private func beat(_ answer: Result<QueryResult, DatabaseError>, at now: Moment) {
    guard case .success(let rows) = answer, rows.count > 0 else { return }
    if (try? rows[0, 0].decode(Bool.self)) == true { drainForOperator() }
    for id in (try? rows[0, 1].decode([Int64].self)) ?? [] { cancel(id) }
    guard let horizon = try? rows[0, 2].decode(Int64.self),
      let rated = (try? rows[0, 3].decode([String].self)).map({ Set($0) })
    else { return }
    served.updateAll {
      $0.isRated = rated.contains($0.name)
      $0.ladder.saw(horizon: horizon, isRated: $0.isRated, at: now)
    }
  }
}

extension Result<QueryResult, DatabaseError> {
  /// The connection is gone or of no use.
  fileprivate var isLost: Bool {
    guard case .failure(let error) = self else { return false }
    switch error.kind {
    case .connection, .closed, .timeout, .cancelled, .protocolViolation: return true
    case .server, .pipelineAborted, .misuse, .invalidParameter, .decoding:
      return error.isConnectionLost
    }
  }

  fileprivate var queueErrorCode: JobQueueError.Code? {
    guard case .failure(let error) = self else { return nil }
    return JobQueueError(error)?.code
  }
}

extension JobQueueError.Code {
  /// This connection can't go on under this epoch.
  var endsSession: Bool { self == .workerDead || self == .staleSession }
}
