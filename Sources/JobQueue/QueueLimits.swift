/// What a queue may run at a time and start in a time. Nil: no such limit.
///
/// Effective for every worker from its next claim on. Running means claimed and not settled; a start
/// is the claim, by the server's clock.
public struct QueueLimits: Sendable, Hashable {
  /// Jobs that run at a time, over all workers. 1…1,000,000.
  public var maxRunning: Int?
  /// Starts, or units of cost, in a time.
  public var rate: Rate?
  /// How the keys of the queue share it. Nil: keys mean nothing, jobs come in the order of the log.
  public var keyOrder: KeyOrder?
  /// Jobs of one key that run at a time. 1…1,000,000. Makes the queue `fair` if `keyOrder` is nil.
  public var maxRunningPerKey: Int?
  /// Starts of each key. Makes the queue `fair` if `keyOrder` is nil.
  public var ratePerKey: Rate?

  public init(
    maxRunning: Int? = nil, rate: Rate? = nil, keyOrder: KeyOrder? = nil,
    maxRunningPerKey: Int? = nil, ratePerKey: Rate? = nil
  ) {
    self.maxRunning = maxRunning
    self.rate = rate
    self.keyOrder = keyOrder
    self.maxRunningPerKey = maxRunningPerKey
    self.ratePerKey = ratePerKey
  }

  /// A token bucket: in any time t at most `burst + count * t / per` starts. A job whose meta has the
  /// whole number `cost` takes so many tokens, at most `burst`; any other takes one.
  public struct Rate: Sendable, Hashable {
    /// 1…1,000,000.
    public var count: Int
    /// 1 ms to 366 days. Default: one second.
    public var per: Duration
    /// Most starts at once, after a rest. 1…1,000,000. Default: `count`.
    public var burst: Int

    public init(_ count: Int, per: Duration = .seconds(1), burst: Int? = nil) {
      self.count = count
      self.per = per
      self.burst = burst ?? count
    }
  }

  /// How the keys of a queue share it.
  public enum KeyOrder: String, Sendable, Hashable, Codable {
    /// Keys take turns, however many jobs each has waiting.
    case fair
    /// Keys take turns, and the jobs of a key run one after another in the order of their commits;
    /// while a job waits for its retry its key waits with it.
    case fifo
  }
}

extension QueueLimits: Codable {
  private enum CodingKeys: String, CodingKey {
    case maxRunning = "max_running"
    case rate
    case keyOrder = "key_order"
    case maxRunningPerKey = "key_max_running"
    case ratePerKey = "key_rate"
  }

  /// Writes null for what is off: the server leaves alone what is not named.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(maxRunning, forKey: .maxRunning)
    try container.encode(rate, forKey: .rate)
    try container.encode(keyOrder, forKey: .keyOrder)
    try container.encode(maxRunningPerKey, forKey: .maxRunningPerKey)
    try container.encode(ratePerKey, forKey: .ratePerKey)
  }
}

extension QueueLimits.Rate: Codable {
  private enum CodingKeys: String, CodingKey {
    case count
    case seconds = "per_seconds"
    case burst
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    count = try container.decode(Int.self, forKey: .count)
    per = .seconds(try container.decode(Double.self, forKey: .seconds))
    burst = try container.decode(Int.self, forKey: .burst)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(per.inSeconds, forKey: .seconds)
    try container.encode(burst, forKey: .burst)
  }
}
