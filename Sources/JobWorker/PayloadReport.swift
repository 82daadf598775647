public import JobQueue

/// What `JobQueue.checkPayloads` has found.
public struct PayloadReport: Sendable, Hashable, Codable {
  /// One kind as it is stored, such as `report.render@2`.
  public struct Kind: Sendable, Hashable, Codable {
    public var kind: String
    /// Jobs by state; steps of workflows that are not enqueued yet, and schedules.
    public var jobs: [PayloadPlace: Int] = [:]
    /// Jobs whose payload this program would not decode.
    public var failing = 0
    /// The first failing jobs of the kind, five at most.
    public var examples: [Failure] = []

    public var total: Int { jobs.values.reduce(0, +) }
  }

  /// A payload that would not decode.
  public struct Failure: Sendable, Hashable, Codable {
    /// Of the job; of the step or the schedule where `state` says so.
    public var id: Int64
    public var queue: String
    public var state: PayloadPlace
    /// Why. Says nothing of the content of an encrypted payload.
    public var error: String
  }

  /// Kinds that this program knows, in any version, by name.
  public var kinds: [Kind] = []
  /// Kinds of which this program knows no version: another program's, or a forgotten registration.
  public var unknownKinds: [Kind] = []
  /// Payloads by the key that they are encrypted under. A key that is not among them is no longer
  /// needed.
  public var encryptionKeys: [String: Int] = [:]

  package init(
    kinds: [Kind] = [], unknownKinds: [Kind] = [], encryptionKeys: [String: Int] = [:]
  ) {
    self.kinds = kinds
    self.unknownKinds = unknownKinds
    self.encryptionKeys = encryptionKeys
  }

  /// Jobs that were looked at.
  public var total: Int { (kinds + unknownKinds).map(\.total).reduce(0, +) }
  /// Those that would not decode.
  public var failing: Int { kinds.map(\.failing).reduce(0, +) }

  /// Whether this program may be deployed.
  ///
  /// - Parameter allowingUnknownKinds: whether kinds of other programs are none of this one's
  ///   business. Default: true.
  public func passes(allowingUnknownKinds: Bool = true) -> Bool {
    failing == 0 && (allowingUnknownKinds || unknownKinds.isEmpty)
  }
}

extension PayloadReport: CustomStringConvertible {
  /// A line a kind, and a line a failing example.
  public var description: String {
    let known = kinds.flatMap { kind in
      ["\(kind.kind): \(kind.total), \(kind.failing) would not decode"]
        + kind.examples.map { "  \($0.state.rawValue) \($0.id) in \($0.queue): \($0.error)" }
    }
    let unknown = unknownKinds.map {
      "\($0.kind): \($0.total) of a kind unknown to this program"
    }
    return (known + unknown).joined(separator: "\n")
  }
}
