import CSimdjson
import Foundation

/// One parsed document: simdjson's tape and what it points into. Valid while `JSONReader` reads it;
/// a decoder that a type keeps for later finds it closed.
///
/// A place on the tape is the index of a value's first word: its type in the top byte, and below that
/// where its text lies, or where the word after an array's or object's end is.
final class JSONDocument {
  enum Kind: UInt8 {
    case object = 0x7B
    case array = 0x5B
    case string = 0x22
    case signed = 0x6C
    case unsigned = 0x75
    case double = 0x64
    case yes = 0x74
    case no = 0x66
    case null = 0x6E
  }

  /// The document's only value.
  static let root = 1

  /// What this reader leaves to Foundation was asked for; even if a type has swallowed the error,
  /// what it made of it is not to be trusted.
  private(set) var isBeyondUs = false
  private var tape: UnsafePointer<UInt64>?
  private let strings: UnsafePointer<UInt8>
  private let dates: (String) -> Date?

  init(of parser: OpaquePointer, dates: @escaping (String) -> Date?) {
    tape = ong_json_tape(parser)
    strings = ong_json_strings(parser)
    self.dates = dates
  }

  func close() { tape = nil }

  /// Called where Foundation's decoder might take what this one does not.
  func beyondUs() -> JSONReadingError {
    isBeyondUs = true
    return .beyondUs
  }

  @inline(__always)
  private func word(_ index: Int) throws(JSONReadingError) -> UInt64 {
    guard let tape else { throw .closed }
    return tape[index]
  }

  func kind(at index: Int) throws(JSONReadingError) -> Kind {
    guard let kind = Kind(rawValue: UInt8(try word(index) >> 56)) else { throw beyondUs() }
    return kind
  }

  func isNull(at index: Int) throws(JSONReadingError) -> Bool { try kind(at: index) == .null }

  /// The index behind a value.
  func end(of index: Int) throws(JSONReadingError) -> Int {
    switch try kind(at: index) {
    case .object, .array: Int(try word(index) & 0xFFFF_FFFF)
    case .signed, .unsigned, .double: index + 2
    case .string, .yes, .no, .null: index + 1
    }
  }

  /// Elements of an array or members of an object; nil where they are too many for the tape to say.
  func count(at index: Int) throws(JSONReadingError) -> Int? {
    let count = Int((try word(index) >> 32) & 0xFF_FFFF)
    return count == 0xFF_FFFF ? nil : count
  }

  func bool(at index: Int) throws(JSONReadingError) -> Bool {
    switch try kind(at: index) {
    case .yes: true
    case .no: false
    default: throw .mismatch
    }
  }

  func string(at index: Int) throws(JSONReadingError) -> String {
    String(decoding: try utf8(at: index), as: UTF8.self)
  }

  /// A string's bytes.
  @inline(__always)
  func utf8(at index: Int) throws(JSONReadingError) -> UnsafeBufferPointer<UInt8> {
    guard try kind(at: index) == .string else { throw .mismatch }
    let start = strings + Int(try word(index) & 0xFF_FFFF_FFFF_FFFF)
    let length = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
    return UnsafeBufferPointer(start: start + 4, count: Int(length))
  }

  func integer<Integer: FixedWidthInteger>(at index: Int) throws(JSONReadingError) -> Integer {
    let value: Integer?
    switch try kind(at: index) {
    case .signed: value = Integer(exactly: Int64(bitPattern: try word(index + 1)))
    case .unsigned: value = Integer(exactly: try word(index + 1))
    // Foundation takes 1.0 and 1e3 for integers.
    case .double: throw beyondUs()
    default: throw .mismatch
    }
    guard let value else { throw .mismatch }
    return value
  }

  func date(at index: Int) throws(JSONReadingError) -> Date {
    guard let date = dates(try string(at: index)) else { throw beyondUs() }
    return date
  }

  func double(at index: Int) throws(JSONReadingError) -> Double {
    switch try kind(at: index) {
    case .double: Double(bitPattern: try word(index + 1))
    case .signed: Double(Int64(bitPattern: try word(index + 1)))
    case .unsigned: Double(try word(index + 1))
    default: throw .mismatch
    }
  }
}

/// Why this reader gave up. Nobody outside sees it: Foundation's decoder is asked then, and its error
/// is the one to tell.
enum JSONReadingError: Error {
  case mismatch
  case beyondUs
  case closed
}
