import LibpqClient
import Testing

/// Lines of the protocol's SQL that are left out or wrong.
enum BrokenProtocol: String, CaseIterable, CustomTestStringConvertible {
  case settleWithoutEpochCheck
  case settleWithoutClaimCheck
  /// A rescue does not wait for a handler's transaction that has settled and not committed.
  case settleWithoutEpochLock
  case rotateWithoutCarryingClaims
  case readingByPosition
  case limitWithoutHeldJobs
  case limitWithoutOwnClaim
  case claimWithoutQueueLock
  case rateWithoutMemory
  case claimReleasingEveryKey
  case endKeepingKeys
  case windowTooShort
  case stepsCountedWithoutLock
  case retriesCountedAsEnds
  case firingWithoutLock

  var testDescription: String { rawValue }

  private var edits: [(function: String, text: String, replacement: String)] {
    switch self {
    case .settleWithoutEpochCheck:
      [("settle", "v_is_held := hold_epoch(p_epoch, p_session);", "")]
    case .settleWithoutClaimCheck:
      [("hold_epoch", "and ended_at is null", "")]
    case .settleWithoutEpochLock:
      [
        (
          "hold_epoch", ":= hold_shared(lock_key('epoch', p_epoch::text))", ""
        )
      ]
    case .rotateWithoutCarryingClaims:
      [("rotate", "v_held := hold_open_claims(v_next, v_from.segment);", "v_held := 0;")]
    case .limitWithoutHeldJobs:
      [("count_running", "from held h where", "from held h where false and")]
    case .limitWithoutOwnClaim:
      [("known_open", "return p_position.open || p_position.seq;", "return p_position.open;")]
    case .claimWithoutQueueLock:
      [("claim_rows", "v_is_held := hold_alone(lock_key('queue', v_queue_id::text));", "")]
    case .rateWithoutMemory:
      [
        (
          "claim_rows", "v_new.spent := spent_now(v_queue, v_positions, v_new.spent_at);",
          "v_new.spent := 0;"
        )
      ]
    case .claimReleasingEveryKey:
      [("pass_flags", " and u.scope = 'waiting'", "")]
    case .endKeepingKeys:
      [("tell_end", "and u.scope = 'settled'", "and false")]
    case .windowTooShort:
      [("take_unique_key", "clock_timestamp() + p_for", "clock_timestamp() + p_for / 8")]
    case .firingWithoutLock:
      [("fire_due", "for update skip locked", "")]
    case .readingByPosition:
      [
        (
          "window_rows",
          """
          array(
              select x from pg_snapshot_xip(p_lo) x
              where x >= p_after_xid and pg_visible_in_snapshot(x, p_hi) order by x)
          """, "'{}'"
        )
      ]
    case .stepsCountedWithoutLock:
      [
        ("work_off_endings", "order by w.id for update", "order by w.id"),
        (
          "resolve_steps", "remaining = s.remaining - m.n",
          "remaining = (select x.remaining from step x where x.id = s.id) - m.n"
        ),
      ]
    case .retriesCountedAsEnds:
      [("outcome_state", "when 'dead' then", "when 'retry' then 'succeeded' when 'dead' then")]
    }
  }

  /// Replaces the function in the database by its broken text.
  func install(_ configuration: ConnectionConfiguration) async throws {
    let session = try await Session(configuration)
    for edit in edits {
      let definition: String = try await session.value(
        """
        select pg_get_functiondef(oid) from pg_proc
        where proname = $1 and pronamespace = 'ong'::regnamespace
        """,
        [edit.function])
      let broken = definition.replacing(edit.text, with: edit.replacement)
      guard broken != definition else {
        throw StressError(description: "\(edit.function) has no text \(edit.text)")
      }
      try await session.run(broken)
    }
    await session.connection.close()
  }
}
