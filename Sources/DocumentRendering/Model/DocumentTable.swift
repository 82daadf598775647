public import Foundation

/// A ruled table. It breaks between rows and repeats its header on every page.
public struct DocumentTable: Sendable {
  /// Set in bold above the table; nil for none.
  public var title: String?
  public var columns: [TableColumn]
  /// Titles over runs of columns, in a header row of their own. They must not overlap.
  public var groups: [TableColumnGroup]
  /// Each row has one cell a column.
  public var rows: [[TableCell]]
  /// Set in small italics below the table; nil for none.
  public var note: String?

  public init(
    title: String? = nil, columns: [TableColumn], groups: [TableColumnGroup] = [],
    rows: [[TableCell]], note: String? = nil
  ) {
    self.title = title
    self.columns = columns
    self.groups = groups
    self.rows = rows
    self.note = note
  }
}

public struct TableColumn: Sendable {
  public enum Width: Sendable {
    /// As wide as its content without line breaks.
    case fit
    /// In millimetres.
    case fixed(Double)
    /// A part of what the other columns leave.
    case share(Double)
  }

  public var title: String
  public var width: Width
  public var alignment: TextAlignment

  public init(_ title: String, width: Width = .share(1), alignment: TextAlignment = .leading) {
    self.title = title
    self.width = width
    self.alignment = alignment
  }
}

public struct TableColumnGroup: Sendable {
  public var title: String
  public var columns: Range<Int>

  public init(_ title: String, columns: Range<Int>) {
    self.title = title
    self.columns = columns
  }
}

public struct TableCell: Sendable, ExpressibleByStringInterpolation {
  public var text: StyledText
  /// Overrides the column's alignment.
  public var alignment: TextAlignment?

  public init(_ text: StyledText, alignment: TextAlignment? = nil) {
    self.text = text
    self.alignment = alignment
  }

  public init(stringLiteral text: String) { self.init(StyledText(text)) }

  /// A number with decimal comma. It is bold on demand and takes the column's alignment.
  public static func number(
    _ value: Decimal, fractionDigits: Int = 0, bold: Bool = false
  ) -> TableCell {
    let text = VietnameseNumber.string(value, fractionDigits: fractionDigits)
    return TableCell(StyledText(runs: [.init(text, bold: bold)]))
  }

  public static func bold(_ text: String) -> TableCell { TableCell(.bold(text)) }
}

public enum TextAlignment: Sendable {
  case leading, center, trailing, justified
}
