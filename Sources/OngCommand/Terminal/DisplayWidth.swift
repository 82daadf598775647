/// How many columns of a terminal text takes, and text made safe to print there.
enum DisplayWidth {
  /// The columns `text` takes: by grapheme, so a Vietnamese letter counts once however its marks are
  /// composed, and East Asian letters and emoji count twice.
  static func of(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + of($1) }
  }

  static func of(_ character: Character) -> Int {
    character.unicodeScalars.map(width(of:)).max() ?? 0
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    if scalar.value == 0xFE0F { return 2 }  // asks for the emoji form of the letter before it
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wideRanges.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// The blocks that Unicode's EastAsianWidth.txt calls wide or full width.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x20000...0x3FFFD,
  ]
}

extension StringProtocol {
  /// The text on one line, with control characters shown as their pictures: what a job carries must
  /// never move the cursor or recolour the terminal of the person who looks at it.
  func printable() -> String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x0A, 0x0D, 0x09: result.append(" ")
      case 0...0x1F: result.append(Unicode.Scalar(0x2400 + scalar.value)!)
      case 0x7F: result.append("\u{2421}")
      case 0x80...0x9F, 0x202A...0x202E, 0x2066...0x2069: result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The text cut to at most `width` columns, with … for what is left out.
  func truncated(toWidth width: Int) -> String {
    if DisplayWidth.of(self) <= width { return String(self) }
    var result = ""
    var used = 1  // of the …
    for character in self {
      used += DisplayWidth.of(character)
      if used > width { break }
      result.append(character)
    }
    return width > 0 ? result + "…" : ""
  }
}
