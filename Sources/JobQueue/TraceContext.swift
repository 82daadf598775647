/// A W3C trace context: ties the run of a job to the request that enqueued it.
///
/// <https://www.w3.org/TR/trace-context/>
public struct TraceContext: Sendable, Hashable, LosslessStringConvertible {
  /// The header's text, such as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
  public let description: String

  /// The value of a `traceparent` header; nil where it is malformed, and the trace is to be ignored.
  public init?(_ description: String) {
    let parts = description.utf8.split(
      separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    let isHexadecimal = description.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isHexadecimal, parts.map(\.count) == [2, 32, 16, 2] else { return nil }
    self.description = description
  }

  /// 32 hexadecimal digits, the same for all that one request caused.
  public var traceID: Substring { part(3, 32) }
  /// 16 hexadecimal digits: the span under which the job was enqueued.
  public var parentID: Substring { part(36, 16) }
  /// The caller records this trace.
  public var isSampled: Bool { (Int(part(53, 2), radix: 16) ?? 0) & 1 == 1 }

  private func part(_ start: Int, _ count: Int) -> Substring {
    let begin = description.index(description.startIndex, offsetBy: start)
    return description[begin..<description.index(begin, offsetBy: count)]
  }
}
