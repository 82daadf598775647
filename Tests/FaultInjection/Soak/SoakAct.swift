import JobQueueTesting
import LibpqClient

/// One transaction of a soak's producer: a statement that returns the ids of its jobs.
struct SoakAct: Sendable {
  var statement: String
  var parameters: [any SQLParameter]
  /// As the journal says it.
  var kind = "step"
  /// The time from its enqueue to its settle is measured.
  var isProbe = false
  /// The producer waits for its end.
  var isAwaited = false
  /// What is returned are workflows.
  var makesJobsLater = false

  static func random(_ random: inout SeededGenerator) -> SoakAct {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<30: steps(&random)
    case 30..<42: probe
    case 42..<54: payments(&random)
    case 54..<62: keyed(&random)
    case 62..<69: unique(&random)
    case 69..<76: plain("limited", "soak.limited", 3, &random)
    case 76..<83: telling(&random)
    case 83..<88: plain("snoozes", "soak.snoozing", 1, &random)
    case 88..<94: plain("pushes", "soak.push", 20, &random)
    case 94..<97: delayed(&random)
    default: workflow(&random)
    }
  }

  private static func milliseconds(_ random: inout SeededGenerator) -> Int {
    [0, 0, 1, 2, 5, 20, 100].randomElement(using: &random)!
  }

  private static func payload(_ random: inout SeededGenerator) -> String {
    #"{"milliseconds": \#(milliseconds(&random))}"#
  }

  private static func many(
    _ queue: String, _ kind: String, _ payloads: [String], _ priority: Int16 = 2
  ) -> SoakAct {
    SoakAct(
      statement: "select * from enqueue_many($1, $2, $3::text[]::jsonb[], $4)",
      parameters: [queue, kind, payloads, priority])
  }

  private static func plain(
    _ queue: String, _ kind: String, _ count: Int, _ random: inout SeededGenerator
  ) -> SoakAct {
    many(queue, kind, (0..<count).map { _ in payload(&random) })
  }

  /// One in 50 fails at its first attempt.
  private static func steps(_ random: inout SeededGenerator) -> SoakAct {
    let count = [1, 1, 3, 10].randomElement(using: &random)!
    let payloads = (0..<count).map { _ in
      let fails = Int.random(in: 0..<50, using: &random) == 0
      return #"{"milliseconds": \#(milliseconds(&random)), "fails": \#(fails)}"#
    }
    return many("steps", "step", payloads, Int16.random(in: 0...3, using: &random))
  }

  private static var probe: SoakAct {
    var act = many("steps", "step", [#"{"milliseconds": 0}"#])
    act.isProbe = true
    return act
  }

  private static func payments(_ random: inout SeededGenerator) -> SoakAct {
    var act = plain("pays", "pay", 2, &random)
    act.kind = "pay"
    return act
  }

  private static func keyed(_ random: inout SeededGenerator) -> SoakAct {
    SoakAct(
      statement: "select enqueue('keyed', 'soak.keyed', $1::text::jsonb, p_key => $2)",
      parameters: [payload(&random), "key \(Int.random(in: 0..<50, using: &random))"])
  }

  private static func unique(_ random: inout SeededGenerator) -> SoakAct {
    let scope = ["waiting", "settled", "window"].randomElement(using: &random)!
    return SoakAct(
      statement: """
        select enqueue('uniques', 'soak.unique', $1::text::jsonb, p_unique_key => $2,
          p_on_conflict => $3, p_unique_scope => $4,
          p_unique_for => case when $4 = 'window' then interval '5 seconds' end)
        """,
      parameters: [
        payload(&random), "\(scope) \(Int.random(in: 0..<200, using: &random))",
        Bool.random(using: &random) ? "keep" : "replace", scope,
      ])
  }

  private static func telling(_ random: inout SeededGenerator) -> SoakAct {
    var act = plain("results", "soak.telling", 1, &random)
    act.isAwaited = Int.random(in: 0..<5, using: &random) == 0
    return act
  }

  private static func delayed(_ random: inout SeededGenerator) -> SoakAct {
    SoakAct(
      statement: """
        select enqueue('steps', 'step', $1::text::jsonb,
          p_run_at => clock_timestamp() + make_interval(secs => $2), p_tags => '{later}')
        """, parameters: [payload(&random), Double.random(in: 0.2...5, using: &random)])
  }

  private static func workflow(_ random: inout SeededGenerator) -> SoakAct {
    let job = #"{"queue": "flows", "kind": "soak.flow", "payload": {"milliseconds": 2}}"#
    let step = { (name: String, more: String) in
      #"{"name": "\#(name)", "queue": "flows", "kind": "soak.flow", \#(more) "payload": {"milliseconds": 2}}"#
    }
    let steps = [
      step("a", ""), step("b", #""after": ["a"],"#), step("c", #""after": ["a"],"#),
      #"{"name": "go", "signal": "go"}"#, step("d", #""after": ["b", "c", "go"],"#),
    ]
    let statements = [
      "select create_chain('soak chain', '[\(job), \(job), \(job)]')",
      """
      select enqueue_batch('flows', 'soak.flow', array_fill('{"milliseconds": 1}'::jsonb, array[8]),
        '{"settled": \(job)}')
      """,
      """
      with made as (select create_workflow('soak graph', '[\(steps.joined(separator: ", "))]') id)
      select id from made, lateral (select send_signal(id, 'go', '1')) sent
      """,
    ]
    return SoakAct(
      statement: statements.randomElement(using: &random)!, parameters: [], makesJobsLater: true)
  }
}
