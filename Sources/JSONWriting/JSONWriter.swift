public import Foundation

/// Encodes values as JSON several times as fast as Foundation's encoder, and else alike: what it is
/// unsure of it leaves to that one. One writer encodes many values, one after the other, in the same memory.
public struct JSONWriter {
  private let sink: JSONSink

  /// - Parameter dates: how a date is written as text.
  public init(dates: @escaping (Date) -> String) { sink = JSONSink(dates: dates) }

  /// The value's JSON in UTF-8.
  ///
  /// - Returns: nil where Foundation's `JSONEncoder` is to be asked: where the value's own `encode`
  ///   throws, or numbers are not finite, because it describes what is wrong; for classes that inherit
  ///   their coding, and for values that write into several containers by turns.
  public func encode(_ value: some Encodable) -> [UInt8]? {
    sink.clear()
    guard (try? sink.write(value)) != nil, !sink.isBeyondUs, !sink.isEmpty else { return nil }
    return sink.bytes
  }
}
