/// What can be measured.
public enum BenchmarkRun: String, CaseIterable, Sendable, Hashable {
  case drain, enqueue, sustained, latency, horizon, backlog, queues, limits, idle

  /// One line for a person.
  public var summary: String {
    switch self {
    case .drain: "prefilled jobs that do nothing, worked off as fast as it goes"
    case .enqueue: "one by one, in transactions of 100, and by COPY"
    case .sustained: "producers and workers together at a fixed offered rate, open loop"
    case .latency: "at a slow rate: enqueue to start, and to settled"
    case .horizon: "drain and latency while old transactions are held open"
    case .backlog: "drain in front of a long backlog, waiting and deferred"
    case .queues: "the same jobs in one queue, and spread over many"
    case .limits: "drain under a global limit, a rate, and FIFO keys"
    case .idle: "what a worker costs that has nothing to do"
    }
  }
}
