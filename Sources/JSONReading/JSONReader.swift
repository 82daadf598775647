import CSimdjson
public import Foundation

/// Decodes values from JSON several times as fast as Foundation's decoder, and else alike: what it is
/// unsure of it leaves to that one.
public enum JSONReader {
  /// What the reader does not do: see `decode`.
  public struct LeftToFoundation: Error {}

  /// - Parameters:
  ///   - json: UTF-8. A key that an object has twice is found once, not necessarily the one that
  ///     Foundation takes.
  ///   - dates: how a date is read from its text; nil leaves it to Foundation.
  /// - Throws: where Foundation's `JSONDecoder` is to be asked: for malformed JSON and for a value
  ///   that does not fit, because it describes what is wrong; for numbers of over 64 bits, and for
  ///   `Float`, `Decimal` and `URL`. Not an optional, whose type would be looked up in each call.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from json: UnsafeRawBufferPointer, dates: @escaping (String) -> Date?
  ) throws(LeftToFoundation) -> Value {
    guard let parser = ong_json_take_parser() else { throw LeftToFoundation() }
    defer { ong_json_return_parser(parser) }
    guard
      ong_json_parse(parser, json.baseAddress?.assumingMemoryBound(to: UInt8.self), json.count)
    else { throw LeftToFoundation() }
    let document = JSONDocument(of: parser, dates: dates)
    defer { document.close() }
    let decoder = TapeDecoder(document: document, index: JSONDocument.root, path: nil)
    do {
      let value = try decoder.value(type)
      if !document.isBeyondUs { return value }
    } catch {}
    throw LeftToFoundation()
  }
}
