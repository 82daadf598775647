import LibpqClient

/// The invariant "workflow once": each step runs after what it waits for, once, and its end is counted
/// once.
extension HistoryChecker {
  func workflows(accepted: [Int64], in connection: Connection) async throws -> [Violation] {
    var violations: [Violation] = []
    for (facts, query) in Self.questions {
      let parameters: [any SQLParameter] = query.contains("$1") ? [accepted] : []
      let rows = try await connection.query(query, parameters)
      if let first = try rows.first?[0].decode(String.self) {
        violations.append(
          Violation(.workflowOnce, "\(rows.count) \(facts), for example \(first)"))
      }
    }
    return violations
  }

  private static let questions = [
    (
      "workflows have miscounted their steps",
      """
      select w.id::text from workflow w where w.steps_left
        <> (select count(*) from step s where s.workflow = w.id and s.ended_at is null)
      """
    ),
    (
      "workflows don't end although nothing of them waits, runs or listens",
      """
      select w.id::text from workflow w where w.ended_at is null
        and not exists (select from step s where s.workflow = w.id and s.state = 'released'
          and (s.type = 'wait' or (s.type = 'batch' and not s.sealed)
            or (s.type = 'job' and job_state(s.job) not in ('succeeded', 'cancelled', 'discarded'))))
      """
    ),
    (
      "steps have run before what they wait for",
      // A retry repeats also what has succeeded after waiting for the end of a failed step, and not what
      // runs after that already: those say nothing.
      """
      with recursive repeatable (id) as (
        select e.step from step_edge e where e.condition <> 'succeeded'
        union
        select e.step from repeatable r join step_edge e on e.needs = r.id)
      select s.id::text from step s join step_edge e on e.step = s.id join step n on n.id = e.needs
      where s.released_at is not null and (
        (e.condition = 'settled' and n.ended_at is null)
        or (e.condition = 'succeeded' and n.id not in (select id from repeatable)
          and (n.state <> 'succeeded' or n.ended_at > s.released_at)))
      """
    ),
    (
      "steps have succeeded whose job has not, or the other way round",
      """
      select s.id::text from step s
      where s.type = 'job' and s.job is not null
        and (s.state = 'succeeded') <> (s.job = any ($1))
      """
    ),
    (
      "batches have miscounted their members",
      """
      with member as (
        select b.step, (b.block << 10) + i id from member_block b, generate_series(0, 1023) i
        where get_bit(b.bits, i) = 1),
      counted as (
        select m.step, count(*) filter (where a.id is not null) succeeded
        from member m left join unnest($1::bigint[]) a (id) on a.id = m.id group by m.step)
      select s.id::text from counted c join step s on s.id = c.step
      where (batch_counts(s.id) ->> 'succeeded')::bigint <> c.succeeded
      """
    ),
  ]
}
