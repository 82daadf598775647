import Foundation

/// What came of the steps that a step waited for.
public struct StepInputs: Sendable, Hashable {
  struct Input: Sendable, Hashable {
    var step: String
    var state: String
    var json: String?
  }

  private let inputs: [Input]

  init(_ inputs: [Input]) { self.inputs = inputs }

  /// The steps' names, in the order in which they were made.
  public var steps: [String] { inputs.map(\.step) }

  /// How a step has ended: `succeeded`, `dead` …; `released` for a batch whose first failure was
  /// waited for. Nil: the step was not waited for.
  public func state(of step: String) -> StepState? {
    input(step).flatMap { StepState(rawValue: $0.state) }
  }

  /// What a handler has returned, or the payload of a signal. Nil: the step returned nothing, did not
  /// succeed, or was not waited for; a signal that did not come in time.
  ///
  /// - Throws: `DecodingError`.
  public func value<Value: Decodable>(
    of step: String, as type: Value.Type = Value.self
  ) throws -> Value? {
    guard let json = input(step)?.json else { return nil }
    return try PayloadCoding.decode(Value?.self, from: Data(json.utf8))
  }

  /// The counts of a batch. Nil: no batch of this name was waited for.
  public func counts(ofBatch step: String) -> BatchCounts? { try? value(of: step) }

  private func input(_ step: String) -> Input? { inputs.first { $0.step == step } }
}

/// How the members of a batch stand.
public struct BatchCounts: Sendable, Hashable, Codable {
  public var total: Int
  /// Those that have not ended.
  public var unsettled: Int
  public var succeeded: Int
  public var dead: Int
  public var discarded: Int
  public var expired: Int
  public var cancelled: Int
}
