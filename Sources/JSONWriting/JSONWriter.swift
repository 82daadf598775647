public import Foundation

/// Encodes values as JSON several times as fast as Foundation's encoder, and else alike: what it is
/// unsure of it leaves to that one.
public enum JSONWriter {
  /// - Parameter dates: how a date is written as text.
  /// - Returns: nil where Foundation's `JSONEncoder` is to be asked: where the value's own `encode`
  ///   throws, or numbers are not finite, because it describes what is wrong; for classes that inherit
  ///   their coding, and for values that write into several containers by turns.
  public static func encode(_ value: some Encodable, dates: @escaping (Date) -> String) -> String? {
    let sink = JSONSink(dates: dates)
    guard (try? sink.write(value)) != nil, !sink.isBeyondUs, !sink.isEmpty else { return nil }
    return sink.text
  }
}
