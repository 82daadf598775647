public import Foundation

/// One step of a payload's evolution: makes version n + 1 of what is stored as version n.
///
/// It runs each time such a job is read and must not depend on anything but the payload.
public struct PayloadUpcaster: Sendable {
  package let convert: @Sendable (Data) throws -> Data

  /// A step over the payload's JSON text (UTF-8).
  ///
  /// - Parameter convert: throws for a payload that the old version would not have read either; the
  ///   job then becomes a dead letter with that error.
  public static func text(_ convert: @escaping @Sendable (Data) throws -> Data) -> Self {
    Self(convert: convert)
  }

  /// A step over the payload's fields.
  public static func fields(
    _ change: @escaping @Sendable (inout [String: JSONValue]) throws -> Void
  ) -> Self {
    Self { json in
      guard case .object(var fields) = try PayloadCoding.decode(JSONValue.self, from: json) else {
        throw UndecodablePayload(reason: "expected the payload to be a JSON object")
      }
      try change(&fields)
      return Data(try PayloadCoding.encode(JSONValue.object(fields)).utf8)
    }
  }

  /// A step from the type of the old version to that of the next.
  public static func types<Old: Decodable & SendableMetatype, New: Encodable & SendableMetatype>(
    _ convert: @escaping @Sendable (Old) throws -> New
  ) -> Self {
    Self { json in
      Data(try PayloadCoding.encode(convert(PayloadCoding.decode(Old.self, from: json))).utf8)
    }
  }
}
