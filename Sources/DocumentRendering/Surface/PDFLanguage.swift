/// Names the language of a finished PDF, which screen readers need and cairo cannot set.
///
/// The catalog is the last object that cairo writes, so that an entry in it moves only the table
/// of offsets, whose place `startxref` tells.
enum PDFLanguage {
  /// Returns the file with `/Lang` in its catalog, or unchanged if it is built in another way.
  static func set(_ language: String, in pdf: [UInt8]) -> [UInt8] {
    guard let catalog = lastIndex(of: "/Type /Catalog", in: pdf[...]),
      let table = lastIndex(of: "\nxref\n", in: pdf[...]), catalog < table,
      lastIndex(of: " 0 obj", in: pdf[catalog..<table]) == nil,
      let trailer = lastIndex(of: "startxref\n", in: pdf[table...])
    else { return pdf }
    let entry = Array("/Lang (\(language)) ".utf8)
    let end = "startxref\n\(table + 1 + entry.count)\n%%EOF\n"
    return Array(pdf[..<catalog]) + entry + pdf[catalog..<trailer] + Array(end.utf8)
  }

  private static func lastIndex(of text: String, in bytes: ArraySlice<UInt8>) -> Int? {
    let pattern = Array(text.utf8)
    guard bytes.count >= pattern.count else { return nil }
    return stride(from: bytes.endIndex - pattern.count, through: bytes.startIndex, by: -1)
      .first { bytes[$0] == pattern[0] && bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
  }
}
