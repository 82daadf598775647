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

/// Jobs that are made as they are asked for.
struct NoOps: Sequence, Sendable {
  let numbers: Range<Int>
  let payloads: NoOp.Factory

  func makeIterator() -> AnyIterator<NoOp> {
    var left = numbers.makeIterator()
    return AnyIterator { left.next().map { payloads.job(Int64($0)) } }
  }
}
