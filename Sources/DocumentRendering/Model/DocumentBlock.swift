/// A building block of a document's body, in reading order.
public enum DocumentBlock: Sendable {
  /// A legal base, set in italics: "Căn cứ …;".
  case legalBasis(StyledText)
  /// A heading; it stays with the block that follows it and enters the file's outline.
  case heading(String, level: HeadingLevel)
  /// A justified paragraph with first-line indent.
  case paragraph(StyledText)
  /// Items with a hyphen each.
  case list([StyledText])
  case table(DocumentTable)
  case barChart(BarChart)
  case pageBreak
}

/// Rank of a heading, by the way it is set.
public enum HeadingLevel: Int, Sendable {
  /// "I. KẾT QUẢ …": bold capitals.
  case part = 0
  /// "1. Công tác …": bold.
  case section = 1
  /// "a) …": bold italic.
  case item = 2
}
