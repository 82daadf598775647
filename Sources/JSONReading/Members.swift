/// Where the members of an object are. Apart from `ObjectContainer`, because a generic type's own type is
/// looked up wherever it is used.
struct Members {
  let decoder: TapeDecoder
  private let end: Int
  /// Where to go on looking: types ask in the same order for each object, and dictionaries in the
  /// object's own, so that the next key is mostly the one behind the last. Few members need none.
  private let cursor: Cursor?

  private final class Cursor {
    var next: Int
    init(_ next: Int) { self.next = next }
  }

  init(of decoder: TapeDecoder) throws {
    self.decoder = decoder
    end = try decoder.document.end(of: decoder.index) - 1
    let count = try decoder.document.count(at: decoder.index) ?? .max
    cursor = count > 8 ? Cursor(decoder.index + 1) : nil
  }

  var document: JSONDocument { decoder.document }
  private var first: Int { decoder.index + 1 }

  var names: [String] {
    var names: [String] = []
    var place = first
    while place < end, let name = try? document.string(at: place) {
      names.append(name)
      guard let next = try? document.end(of: place + 1) else { break }
      place = next
    }
    return names
  }

  /// Where the member's value is.
  func find(_ name: String) throws -> Int? {
    var name = name
    return try name.withUTF8 { name in
      guard let cursor else { return try find(name, from: first, to: end) }
      let start = cursor.next
      let found = try find(name, from: start, to: end) ?? find(name, from: first, to: start)
      if let found { cursor.next = try document.end(of: found) }
      return found
    }
  }

  private func find(_ name: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) throws -> Int?
  {
    var place = start
    while place < end {
      if try document.utf8(at: place).isSame(as: name) { return place + 1 }
      place = try document.end(of: place + 1)
    }
    return nil
  }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  fileprivate func isSame(as other: Self) -> Bool {
    count == other.count && elementsEqual(other)
  }
}
