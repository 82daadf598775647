import Foundation
import JobQueue
import LibpqClient

/// The job that does nothing.
struct NoOp: JobPayload {
  static let kind = "bench.noop"
  static let queue = "bench"
  static let options = JobOptions(queue: queue, maxAttempts: 3, timeout: .seconds(60))

  var n: Int64
  var to: String
}

extension NoOp {
  /// Jobs whose JSON has about `size` bytes.
  struct Factory: Sendable {
    private let address: String

    /// - Parameter size: as the server writes it back, a job's number having six digits.
    init(size: Int) {
      let frame = #"{"n": 123456, "to": ""}"#.utf8.count
      let wanted = max(1, size - frame)
      let start = "unit@example.vn"
      address = String(
        (start + String(repeating: "x", count: max(0, wanted - start.utf8.count))).prefix(wanted))
    }

    func job(_ number: Int64) -> NoOp { NoOp(n: number, to: address) }

    /// The same as the encoder writes it, at a tenth of the cost.
    func json(_ number: Int64) -> String { #"{"n":\#(number),"to":"\#(address)"}"# }
  }
}

extension NoOp {
  /// The number of a job from its JSON, which is the first in it.
  static func number(_ json: Data) -> Int64 { json.withUnsafeBytes { number($0) } }

  static func number(_ json: UnsafeRawBufferPointer) -> Int64 {
    let digits = json.drop { !isDigit($0) }.prefix(while: isDigit)
    return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }
}

/// Jobs that are made as they are asked for.
struct NoOps: Sequence, Sendable {
  let places: Range<Int>
  let payloads: NoOp.Factory
  let number: @Sendable (Int) -> Int64

  init(
    _ places: Range<Int>, _ payloads: NoOp.Factory,
    number: @escaping @Sendable (Int) -> Int64 = { Int64($0) }
  ) {
    self.places = places
    self.payloads = payloads
    self.number = number
  }

  func makeIterator() -> AnyIterator<NoOp> {
    var left = places.makeIterator()
    return AnyIterator { left.next().map { payloads.job(number($0)) } }
  }
}
