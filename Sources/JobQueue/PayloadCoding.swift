package import Foundation
import JSONReading
import JSONWriting

/// JSON as the queue stores it: dates as ISO 8601 with milliseconds, data as Base64, so that
/// producers in other languages have an easy time.
package enum PayloadCoding {
  package static func encode(_ payload: some Encodable) throws -> String {
    String(decoding: try Writer().encode(payload), as: UTF8.self)
  }

  /// For many payloads, one after the other.
  package struct Writer {
    private let json = JSONWriter(dates: PayloadCoding.text)

    package init() {}

    /// The payload's JSON in UTF-8.
    package func encode(_ payload: some Encodable) throws -> [UInt8] {
      try json.encode(payload) ?? [UInt8](PayloadCoding.encoder.encode(payload))
    }
  }

  /// As the decoder below.
  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(text(date))
    }
    return encoder
  }()

  /// The style cuts off; half a millisecond more makes it round.
  private static func text(_ date: Date) -> String {
    date.addingTimeInterval(0.0005).formatted(withFraction)
  }

  package static func decode<Payload: Decodable>(_ type: Payload.Type, from json: Data) throws
    -> Payload
  {
    try json.withUnsafeBytes { try decode(type, from: $0) }
  }

  /// - Parameter json: not kept.
  package static func decode<Payload: Decodable>(
    _ type: Payload.Type, from json: UnsafeRawBufferPointer
  ) throws -> Payload {
    do {
      return try JSONReader.decode(type, from: json, dates: date)
    } catch {}
    guard let start = json.baseAddress else { return try decoder.decode(type, from: Data()) }
    return try decoder.decode(
      type,
      from: Data(
        bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: json.count,
        deallocator: .none))
  }

  /// One decoder for all threads: its strategies are never changed after this.
  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      if let date = date(text) { return date }
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected date to be ISO 8601, got: \(text.prefix(40))")
    }
    return decoder
  }()

  private static func date(_ text: String) -> Date? {
    (try? withFraction.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text))
  }

  private static let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
