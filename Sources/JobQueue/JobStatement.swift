import Foundation

/// A statement that enqueues one job, for any PostgreSQL driver: run it in your own transaction.
///
/// Every parameter is a text (or NULL) and is cast in the SQL, so that no driver needs to know a type.
/// It returns one row with one bigint, the job's id.
public struct JobStatement: Sendable, Hashable {
  /// With the placeholders `$1`, `$2` …
  public var sql: String
  /// In the order of the placeholders.
  public var parameters: [String?]
}

/// What `enqueue` is asked for.
struct JobRequest: Sendable {
  var kind: String
  var json: String
  var queue: String
  var priority: JobPriority
  var delay: Duration?
  var runAt: Date?
  var key: String?
  var unique: JobUniqueness?
  var expires: JobExpiry?
  var tags: [String] = []
  var trace: TraceContext?

  /// Names only what is asked for, so that a plain job's statement stays short.
  func statement(_ sql: QueueSQL) throws -> JobStatement {
    let (call, parameters) = try call(sql)
    return JobStatement(sql: "select \(call)", parameters: parameters)
  }

  /// The call of `enqueue` as an expression; `$1` is the queue.
  func call(_ sql: QueueSQL) throws -> (expression: String, parameters: [String?]) {
    precondition(delay == nil || runAt == nil, "expected delay or runAt, got: both")
    var call = CallWriter()
    call.positional(queue, "text")
    let kind = call.positional(kind, "text")
    let payload = call.positional(json, "jsonb")
    call.positional("\(priority.rawValue)", "smallint")
    if let key { call.named("p_key", call.bind(key, "text")) }
    if let delay { call.named("p_run_at", call.bind(after: delay)) }
    if let runAt { call.named("p_run_at", call.bind(runAt)) }
    try addUnique(to: &call, hashing: "\(sql("payload_key"))(\(kind), \(payload))")
    switch expires?.kind {
    case .after(let duration): call.named("p_expires_at", call.bind(after: duration))
    case .at(let date): call.named("p_expires_at", call.bind(date))
    case nil: break
    }
    if !tags.isEmpty {
      let list = call.bind(try PayloadCoding.encode(tags), "jsonb")
      call.named("p_tags", "array(select jsonb_array_elements_text(\(list)))")
    }
    if let trace { call.named("p_traceparent", call.bind(trace.description, "text")) }
    let arguments = call.arguments.joined(separator: ", ")
    return ("\(sql("enqueue"))(\(arguments))", call.parameters)
  }

  private func addUnique(to call: inout CallWriter, hashing hash: String) throws {
    guard let unique else { return }
    switch unique.key {
    case .text(let text): call.named("p_unique_key", call.bind(text, "text"))
    case .payload: call.named("p_unique_key", hash)
    }
    call.named("p_on_conflict", "'\(unique.onConflict.rawValue)'")
    call.named("p_unique_scope", "'\(unique.scope.name)'")
    if let window = unique.scope.window { call.named("p_unique_for", call.bind(window)) }
  }
}

/// Writes the arguments of a call. Values go to the parameters; names are ours.
private struct CallWriter {
  var arguments: [String] = []
  var parameters: [String?] = []

  mutating func bind(_ value: String, _ type: String) -> String {
    parameters.append(value)
    return type == "text" ? "$\(parameters.count)::text" : "$\(parameters.count)::text::\(type)"
  }

  mutating func bind(_ date: Date) -> String {
    "to_timestamp(\(bind("\(date.timeIntervalSince1970)", "float8")))"
  }

  mutating func bind(_ duration: Duration) -> String {
    "make_interval(secs => \(bind("\(duration.inSeconds)", "float8")))"
  }

  mutating func bind(after duration: Duration) -> String {
    "clock_timestamp() + \(bind(duration))"
  }

  @discardableResult
  mutating func positional(_ value: String, _ type: String) -> String {
    let expression = bind(value, type)
    arguments.append(expression)
    return expression
  }

  mutating func named(_ name: String, _ expression: String) {
    arguments.append("\(name) => \(expression)")
  }
}
