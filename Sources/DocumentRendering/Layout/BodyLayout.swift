/// Turns the blocks of a body into items of the column.
struct BodyLayout {
  let typesetter: Typesetter

  func items(_ blocks: [DocumentBlock]) throws -> [FlowItem] {
    var items: [FlowItem] = []
    var keepWithPrevious = false
    var beginPage = false
    var spaceAfter = 0.0
    for block in blocks {
      var next = try self.items(block, keepWithPrevious: keepWithPrevious)
      if beginPage, !next.isEmpty { next[0].breakBefore = .forced }
      if !next.isEmpty { next[0].spaceBefore += spaceAfter }
      spaceAfter = block.isFigure ? 6 : 0
      if case .pageBreak = block { beginPage = true } else { beginPage = false }
      if case .heading = block { keepWithPrevious = true } else { keepWithPrevious = false }
      items += next
    }
    return items
  }

  private func items(_ block: DocumentBlock, keepWithPrevious: Bool) throws -> [FlowItem] {
    switch block {
    case .legalBasis(let text):
      return try paragraph(text, italic: true, keepWithPrevious)
    case .paragraph(let text):
      return try paragraph(text, italic: false, keepWithPrevious)
    case .list(let items):
      return try list(items, keepWithPrevious)
    case .heading(let text, let level):
      return try heading(text, level, keepWithPrevious)
    case .table(let table):
      return try TableLayout(table, typesetter).items(keepWithPrevious: keepWithPrevious)
    case .barChart(let chart):
      return try BarChartLayout(chart, typesetter).items(keepWithPrevious: keepWithPrevious)
    case .pageBreak:
      return []
    }
  }

  private func paragraph(
    _ text: StyledText, italic: Bool, _ keepWithPrevious: Bool
  ) throws -> [FlowItem] {
    let sizes = typesetter.typography
    let style = TextStyle(
      size: sizes.body, italic: italic, alignment: .justified, indent: points(sizes.indent),
      lineSpacing: sizes.lineSpacing)
    let layout = try typesetter.layout(text, style, width: typesetter.textWidth)
    return TextBlock.items(
      of: layout, spaceBefore: sizes.paragraphSpacing, keepWithPrevious: keepWithPrevious)
  }

  /// Decree documents set list items like paragraphs.
  private func list(_ items: [StyledText], _ keepWithPrevious: Bool) throws -> [FlowItem] {
    try items.enumerated().flatMap { index, item in
      try paragraph("- " + item, italic: false, keepWithPrevious && index == 0)
    }
  }

  private func heading(
    _ text: String, _ level: HeadingLevel, _ keepWithPrevious: Bool
  ) throws -> [FlowItem] {
    let sizes = typesetter.typography
    let style = TextStyle(
      size: sizes.body, bold: true, italic: level == .item, indent: points(sizes.indent),
      lineSpacing: sizes.lineSpacing)
    let shown = level == .part ? text.uppercased() : text
    let layout = try typesetter.layout(shown, style, width: typesetter.textWidth)
    return [
      FlowItem(
        content: TextBlock(layout), spaceBefore: sizes.paragraphSpacing + (level == .part ? 4 : 0),
        breakBefore: keepWithPrevious ? .forbidden : .allowed,
        outline: OutlineEntry(title: shown, level: level.rawValue))
    ]
  }
}

extension DocumentBlock {
  /// Tables and charts stand apart from the text below them.
  fileprivate var isFigure: Bool {
    switch self {
    case .table, .barChart: true
    case .legalBasis, .heading, .paragraph, .list, .pageBreak: false
    }
  }
}
