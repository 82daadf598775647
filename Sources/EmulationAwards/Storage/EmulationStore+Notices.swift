import Foundation
import JobQueue
import LibpqClient

/// What may be done with a notice now.
package enum NoticeTurn {
  /// Deliver it, and report back under this attempt.
  case deliver(NoticeMessage, attempt: Int)
  /// It is settled, or waits for an operator.
  case nothing(NoticeState)
}

/// An operator's word on a notice whose fate is unknown or that failed.
public enum NoticeVerdict: String, Sendable, CaseIterable {
  /// It arrived; never send it again.
  case sent
  /// It did not arrive; send it once more.
  case again
}

extension EmulationStore {
  /// Adds the notices of a decision in batches, each with its sending jobs in one transaction.
  package func fanOut(_ decision: Int64, batch: Int = 200) async throws -> Int {
    var count = 0
    while true {
      let added = try await write { rows in
        let ids = try await rows.addNotices(
          of: decision, messageIDDomain: settings.messageIDDomain, limit: batch)
        if !ids.isEmpty {
          try await queue.enqueueMany(ids.map(SendNotice.init), in: rows.connection)
        }
        return ids.count
      }
      count += added
      if added < batch { return count }
    }
  }

  /// Takes a notice's turn to be delivered: its state is `sending`, committed, before anybody talks
  /// to a server. A notice that is found in `sending` was left there by a delivery that died: it
  /// becomes `unknown`, unless delivering twice does no harm.
  package func beginDelivery(of id: Int64, isIdempotent: Bool) async throws -> NoticeTurn {
    try await write { rows in
      let notice = try await rows.notice(id, lock: true)
      switch notice.state {
      case .sent, .failed, .unknown: return .nothing(notice.state)
      case .sending where !isIdempotent:
        _ = try await rows.moveNotice(
          id, to: .unknown, from: [.sending],
          reply: "the delivery was interrupted; the message may or may not have been sent")
        return .nothing(.unknown)
      case .queued, .sending:
        _ = try await rows.moveNotice(id, to: .sending, from: [.queued, .sending])
        return .deliver(
          try await message(for: notice, in: rows), attempt: notice.attempts + 1)
      }
    }
  }

  /// Records how a delivery ended. One that was given up in the meantime (`unknown`) may still say
  /// that it succeeded: it knows best.
  package func endDelivery(
    of id: Int64, attempt: Int, _ state: NoticeState, reply: String
  ) async throws -> Bool {
    try await write { rows in
      try await rows.moveNotice(
        id, to: state, from: state == .sent ? [.sending, .unknown] : [.sending],
        attempt: attempt, reply: String(reply.replacing("\0", with: "").prefix(2000)))
    }
  }

  /// Settles a notice that waits for an operator. Throws ``EmulationError/refused(_:)`` for one that
  /// does not.
  public func settleNotice(_ id: Int64, as verdict: NoticeVerdict) async throws {
    try await write { rows in
      let notice = try await rows.notice(id, lock: true)
      guard [.unknown, .failed].contains(notice.state) else {
        throw EmulationError.refused(
          LocalizedText(
            vi: "Thông báo \(id) đang ở trạng thái “\(notice.state.label.vi)”, không cần xử lý",
            en:
              "The notice \(id) is in the state “\(notice.state.label.en)”; there is nothing to settle"
          ))
      }
      switch verdict {
      case .sent: _ = try await rows.moveNotice(id, to: .sent, from: [notice.state])
      case .again:
        _ = try await rows.moveNotice(id, to: .queued, from: [notice.state])
        try await queue.enqueue(SendNotice(notice: id), in: rows.connection)
      }
    }
  }

  private func message(for notice: Notice, in rows: EmulationRows) async throws -> NoticeMessage {
    let decision = try await rows.decision(notice.decision)
    let period = try await rows.blocPeriod(decision.blocPeriod)
    let ranking = try await rows.snapshot(decision.snapshot ?? 0).content.ranking
    let text = NoticeText(
      decision: decision, period: period, recipient: notice.recipient, purpose: notice.purpose,
      ranking: ranking)
    return NoticeMessage(
      messageID: notice.messageID, date: try await rows.noticeCreation(notice.id),
      senderName: settings.senderName, senderAddress: settings.senderAddress,
      recipientName: notice.recipient.name, recipientAddress: notice.recipient.email,
      subject: text.subject, body: text.body)
  }
}
