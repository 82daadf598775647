/// Reads PostgreSQL's binary forms. Every read answers nil past the end, never traps.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
    let size = MemoryLayout<Integer>.size
    guard position + size <= bytes.count else { return nil }
    defer { position += size }
    return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Integer.self))
  }

  /// nil: the form is damaged; `.some(nil)`: the value is NULL.
  mutating func lengthPrefixed() -> UnsafeRawBufferPointer?? {
    guard let length = integer(Int32.self) else { return nil }
    if length < 0 { return .some(nil) }
    guard position + Int(length) <= bytes.count else { return nil }
    defer { position += Int(length) }
    return .some(UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)]))
  }
}
