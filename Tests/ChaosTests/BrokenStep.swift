import FaultInjection
import LibpqClient
import Testing

/// Steps of the protocol that lack what they promise.
enum BrokenStep: String, CaseIterable, CustomTestStringConvertible {
  /// Looks neither at whether the worker lives nor at what was settled before.
  case settleWithoutFence
  /// The jobs of a dead worker are not written into the log again.
  case rescueWithoutJobs
  /// What a worker holds is not carried out of the segment that is emptied.
  case rotateWithoutCarryingClaims
  /// A handler's transaction is settled without its effect being one with it.
  case effectOutsideTransaction

  var testDescription: String { rawValue }

  /// The invariants that break, of which a run shows one at least.
  var violates: [String] {
    switch self {
    // A settle that comes between the rescue's mark and its look at the claims ends the jobs once,
    // although too late.
    case .settleWithoutFence: ["fence", "oneAcceptance"]
    case .rescueWithoutJobs, .rotateWithoutCarryingClaims: ["noLoss"]
    case .effectOutsideTransaction: ["exactlyOnce"]
    }
  }

  /// What makes it go wrong for sure, and how often.
  var faults: [FaultKind: Int] {
    switch self {
    // A claim must stay open while its segment comes round: workers that hold claims stand still under
    // rotations without a pause. Where both are rare, they may miss each other.
    case .rotateWithoutCarryingClaims: [.freezeWorker: 6, .rotate: 12]
    // A worker must be declared dead while it has something to report.
    case .settleWithoutFence: [.killWorker: 6, .rescueLiving: 30, .rotate: 4]
    case .rescueWithoutJobs, .effectOutsideTransaction:
      [.killWorker: 6, .rescueLiving: 12, .rotate: 4]
    }
  }

  private var edits: [(function: String, text: String, replacement: String)] {
    switch self {
    case .settleWithoutFence:
      [
        ("settle", "v_is_held := hold_epoch(p_epoch, p_session);", ""),
        ("settle", "and (c.final or p_ids is null or c.ids && p_ids)", "and false"),
      ]
    case .rescueWithoutJobs:
      [("release_job", "perform append_again(p_job);\n  end if;", "end if;")]
    case .rotateWithoutCarryingClaims:
      [("rotate", "v_held := hold_open_claims(v_next, v_from.segment);", "v_held := 0;")]
    case .effectOutsideTransaction: []
    }
  }

  func install(on connection: Connection) async throws {
    if self == .effectOutsideTransaction { return try await loseEffects(on: connection) }
    for edit in edits {
      let rows = try await connection.query(
        """
        select pg_get_functiondef(oid) from pg_proc
        where proname = $1 and pronamespace = 'ong'::regnamespace
        """, [edit.function])
      let definition = try rows[0, 0].decode(String.self)
      let broken = definition.replacing(edit.text, with: edit.replacement)
      try #require(broken != definition, "\(edit.function) has no text \(edit.text)")
      try await connection.execute(script: broken)
    }
  }

  /// One effect in fifty is dropped, as if it had been written in another transaction.
  private func loseEffects(on connection: Connection) async throws {
    try await connection.execute(
      script: """
        create function public.drop_some() returns trigger language plpgsql as $$
        begin
          return case when new.job % 50 = 0 then null else new end;
        end $$;
        create function public.watch_effects() returns event_trigger language plpgsql as $$
        begin
          if exists (select from pg_event_trigger_ddl_commands() c
                     where c.object_identity = 'public.effect') then
            create trigger drop_some before insert on public.effect
              for each row execute function public.drop_some();
          end if;
        end $$;
        create event trigger watch_effects on ddl_command_end when tag in ('CREATE TABLE')
          execute function public.watch_effects();
        """)
  }
}
