import Foundation

/// A file of lines with cells parted by `;`, as Vietnamese spreadsheet programs write "CSV". Quoted
/// cells follow RFC 4180. Every cell knows its place, for messages.
struct DelimitedText {
  struct Cell: Hashable {
    let text: String
    let line: Int
    let column: Int
  }

  /// Lines that hold something, without comments.
  let lines: [[Cell]]

  /// Larger files are no sheets that people edit.
  static let largestByteCount = 1 << 20

  init(file: String, text: String) throws(SampleDamage) {
    guard text.utf8.count <= Self.largestByteCount else {
      throw SampleDamage(
        file: file, line: 0, column: 0,
        message: "expected at most 1 MiB, got: \(text.utf8.count) bytes")
    }
    var scanner = Scanner(file: file, text: text)
    lines = try scanner.lines()
  }

  /// Reads bytes, which have to be UTF-8.
  static func decoded(_ bytes: [UInt8], file: String) throws(SampleDamage) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let place = placeOfBadByte(in: bytes)
    throw SampleDamage(
      file: file, line: place.line, column: place.column,
      message: "expected UTF-8 text, got: a byte that is not part of it")
  }

  private static func placeOfBadByte(in bytes: [UInt8]) -> (line: Int, column: Int) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where String(validating: line, as: UTF8.self) == nil {
      let sound = (0..<line.count).last {
        String(validating: line.prefix($0), as: UTF8.self) != nil
      }
      let column = String(decoding: line.prefix(sound ?? 0), as: UTF8.self).count
      return (index + 1, column + 1)
    }
    return (0, 0)
  }
}

/// Walks over the characters once and remembers where it is.
private struct Scanner {
  let file: String
  let characters: [Character]
  var index = 0
  var line = 1
  var column = 1

  init(file: String, text: String) {
    self.file = file
    // Spreadsheet programs put a byte order mark in front.
    characters = Array(text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text)
  }

  var current: Character? { index < characters.count ? characters[index] : nil }
  var atLineEnd: Bool { current.map(\.isNewline) ?? true }

  mutating func lines() throws(SampleDamage) -> [[DelimitedText.Cell]] {
    var lines: [[DelimitedText.Cell]] = []
    while current != nil {
      if current == "#" { skipLine() }
      let cells = try cells()
      if cells.contains(where: { !$0.text.isEmpty }) { lines.append(cells) }
    }
    return lines
  }

  /// The cells up to the end of the line, which is consumed.
  private mutating func cells() throws(SampleDamage) -> [DelimitedText.Cell] {
    var cells = [try cell()]
    while current == ";" {
      advance()
      cells.append(try cell())
    }
    if current != nil { advance() }
    return cells
  }

  private mutating func cell() throws(SampleDamage) -> DelimitedText.Cell {
    let place = (line: line, column: column)
    let text = current == "\"" ? try quoted() : try plain()
    return DelimitedText.Cell(
      text: text.trimmingCharacters(in: .whitespaces).normalisedForStorage, line: place.line,
      column: place.column)
  }

  private mutating func plain() throws(SampleDamage) -> String {
    var text = ""
    while !atLineEnd, let character = current, character != ";" {
      if character == "\"" { throw damage("a quotation mark has to stand at the cell's start") }
      try refuseControl(character)
      text.append(character)
      advance()
    }
    return text
  }

  private mutating func quoted() throws(SampleDamage) -> String {
    let start = (line: line, column: column)
    var text = ""
    advance()
    while let character = current {
      if character == "\"" {
        advance()
        if current != "\"" { break }
      } else if !character.isNewline {
        try refuseControl(character)
      }
      text.append(character)
      advance()
      if current == nil {
        throw SampleDamage(
          file: file, line: start.line, column: start.column,
          message: "the quotation mark is never closed")
      }
    }
    guard atLineEnd || current == ";" else {
      throw damage("expected ; or the line's end after the closing quotation mark")
    }
    return text
  }

  private func refuseControl(_ character: Character) throws(SampleDamage) {
    let found = character.unicodeScalars.first {
      $0.properties.generalCategory == .control && $0 != "\t"
    }
    if let found {
      throw damage("control character U+\(String(found.value, radix: 16, uppercase: true))")
    }
  }

  private mutating func skipLine() {
    while !atLineEnd { advance() }
  }

  private mutating func advance() {
    if let character = current, character.isNewline {
      line += 1
      column = 1
    } else {
      column += 1
    }
    index += 1
  }

  private func damage(_ message: String) -> SampleDamage {
    SampleDamage(file: file, line: line, column: column, message: message)
  }
}
