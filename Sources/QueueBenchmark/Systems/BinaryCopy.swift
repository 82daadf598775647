import LibpqClient

/// Rows for a binary COPY, made as they are sent, in chunks of about 64 KB.
struct BinaryCopy: Sequence {
  let columns: Int
  let rows: Range<Int>
  let row: (Int) -> [any SQLParameter]

  func makeIterator() -> AnyIterator<[UInt8]> {
    var writer = CopyBinaryWriter(columns: columns)
    var next = rows.lowerBound
    var isFinished = false
    return AnyIterator {
      if isFinished { return nil }
      while writer.count < 64 * 1024 {
        guard next < rows.upperBound else {
          isFinished = true
          return writer.finish()
        }
        do {
          try writer.append(row: row(next))
        } catch {
          preconditionFailure("a row of the benchmark can't be written: \(error)")
        }
        next += 1
      }
      return writer.takeChunk()
    }
  }
}

extension Range<Int> {
  /// Pieces of `size`, the last one shorter.
  func pieces(of size: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
  }
}
