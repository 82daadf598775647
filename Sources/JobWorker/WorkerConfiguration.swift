public import LibpqClient

/// How a worker works. Every field has a default; `Worker.run()` checks all of them once.
public struct WorkerConfiguration: Sendable {
  /// The queues to serve, each with the number of jobs of it that run at a time (1…10,000).
  /// A queue that is missing in the database is made. Default: `default` with 16.
  public var queues: [String: Int]
  /// Where the queue's schema is installed. Default: `ong`.
  public var schema: String
  /// How long `shutDown()` lets running jobs go on before it cancels them and hands them back.
  /// Default: 25 s, which fits the 30 s that container platforms give.
  public var grace: Duration
  /// Time between heartbeats, 100 ms…10 s. A worker whose last one is 15 s old is declared dead.
  /// Default: 5 s.
  public var heartbeat: Duration
  /// How old a result may get before it is reported, 0…1 s. Default: 3 ms.
  public var flushAge: Duration
  /// How many results are reported at once at most before age matters, 1…10,000. Default: 512.
  public var flushSize: Int
  /// Most jobs of one claim, 1…10,000. Default: 1000.
  public var largestClaim: Int
  /// How much work to have claimed ahead, 0…10 s; long jobs are never claimed ahead of a free slot.
  /// Default: 75 ms.
  public var claimWindow: Duration
  /// How long a handler may go on after its timeout, or after an operator has cancelled its job,
  /// before its slot goes on without it, 0…1 h. Default: 5 s.
  public var stopGrace: Duration
  /// With so many handlers left behind that still run, the worker drains and `Worker.run()` throws
  /// `WorkerLeaked`, 1…10,000. Default: 8.
  public var leakLimit: Int
  /// Most connections at a time for `JobContext.transaction` and checkpoints, 1…1,000; opened when
  /// they are needed. Default: 4.
  public var transactionConnections: Int
  /// Whether jobs that were running when a worker died run in a process of their own, where the program
  /// offers that by `Worker.runChildIfAsked`. Default: true.
  public var isolatesSuspects: Bool
  /// Whether this worker may do the maintenance of the queue: rescue, promotion of due jobs,
  /// rotation. One worker at a time does it. Default: true.
  public var maintains: Bool
  /// For a worker whose `configuration` leads through a pooler in transaction mode: how to reach the
  /// server itself, for the two connections that need a session, to listen and to maintain. Default nil:
  /// such a worker does neither; it asks for jobs up to once a second, and others must maintain.
  public var sessions: ConnectionConfiguration?
  /// The name shown in `ong workers ls`. Default: the machine's host name.
  public var host: String?
  /// The program's version shown there. Default: `0`.
  public var version: String

  public init(
    queues: [String: Int] = ["default": 16], schema: String = "ong",
    grace: Duration = .seconds(25), heartbeat: Duration = .seconds(5),
    flushAge: Duration = .milliseconds(3), flushSize: Int = 512, largestClaim: Int = 1000,
    claimWindow: Duration = .milliseconds(75), stopGrace: Duration = .seconds(5),
    leakLimit: Int = 8, transactionConnections: Int = 4,
    isolatesSuspects: Bool = true, maintains: Bool = true,
    sessions: ConnectionConfiguration? = nil, host: String? = nil, version: String = "0"
  ) {
    self.queues = queues
    self.schema = schema
    self.grace = grace
    self.heartbeat = heartbeat
    self.flushAge = flushAge
    self.flushSize = flushSize
    self.largestClaim = largestClaim
    self.claimWindow = claimWindow
    self.stopGrace = stopGrace
    self.leakLimit = leakLimit
    self.transactionConnections = transactionConnections
    self.isolatesSuspects = isolatesSuspects
    self.maintains = maintains
    self.sessions = sessions
    self.host = host
    self.version = version
  }

  /// Where listening and maintenance connect; nil: nowhere.
  func sessions(beside claims: ConnectionConfiguration) -> ConnectionConfiguration? {
    sessions ?? (claims.pooling == .session ? claims : nil)
  }

  func validate() throws {
    if let sessions {
      try expect(
        "sessions", "without a pooler in transaction mode", sessions.pooling,
        sessions.pooling == .session)
    }
    try expect("queues", "one at least", queues, !queues.isEmpty)
    for (name, slots) in queues {
      try expect("a queue's name", "1 to 128 bytes long", name, 1...128 ~= name.utf8.count)
      try expect("slots of queue \(name)", "1 to 10000", slots, 1...10_000 ~= slots)
    }
    try expect("grace", "0 s or longer", grace, grace >= .zero)
    try expect(
      "heartbeat", "0.1 to 10 s", heartbeat, .milliseconds(100)...(.seconds(10)) ~= heartbeat)
    try expect("flushAge", "0 to 1 s", flushAge, .zero...(.seconds(1)) ~= flushAge)
    try expect("flushSize", "1 to 10000", flushSize, 1...10_000 ~= flushSize)
    try expect("largestClaim", "1 to 10000", largestClaim, 1...10_000 ~= largestClaim)
    try expect("claimWindow", "0 to 10 s", claimWindow, .zero...(.seconds(10)) ~= claimWindow)
    try expect("stopGrace", "0 s to 1 h", stopGrace, .zero...(.seconds(3600)) ~= stopGrace)
    try expect("leakLimit", "1 to 10000", leakLimit, 1...10_000 ~= leakLimit)
    try expect(
      "transactionConnections", "1 to 1000", transactionConnections,
      1...1000 ~= transactionConnections)
  }

  private func expect(_ field: String, _ wanted: String, _ got: Any, _ isMet: Bool) throws {
    if !isMet { throw WorkerConfigurationError(field: field, wanted: wanted, got: "\(got)") }
  }
}

/// A field of `WorkerConfiguration` that can't be.
public struct WorkerConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  public let field: String
  public let wanted: String
  public let got: String

  public var description: String { "expected \(field) to be \(wanted), got: \(got)" }
}
