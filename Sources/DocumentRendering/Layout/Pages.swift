/// Draws placed items page by page and ends the file.
struct Pages {
  let items: [FlowItem]
  let placements: [Placement]
  let typesetter: Typesetter

  private var pageCount: Int { (placements.last?.page ?? 0) + 1 }
  private var geometry: PageGeometry { typesetter.geometry }

  func write(_ document: AdministrativeDocument) throws -> RenderedDocument {
    let surface = PDFSurface(geometry: geometry)
    surface.setMetadata(
      title: Self.fileTitle(document.title), author: document.author,
      subject: document.header.number.line, date: document.header.date)
    for page in 0..<pageCount { try draw(page, on: surface.canvas) }
    addOutline(to: surface)
    let pdf = PDFLanguage.set("vi-VN", in: try surface.finish())
    return RenderedDocument(pdf: pdf, pageCount: pageCount)
  }

  private static func fileTitle(_ title: DocumentTitle) -> String {
    (title.typeName + " " + title.abstract).split(separator: "\n").joined(separator: " ")
  }

  private func draw(_ page: Int, on canvas: Canvas) throws {
    if page > 0 { try drawNumber(page + 1, on: canvas) }
    for placement in placements where placement.page == page {
      let item = items[placement.item]
      let content = placement.part == .content ? item.content : item.runningHead
      content?.draw(on: canvas, x: geometry.textLeft, y: geometry.textTop + placement.y)
    }
    canvas.finishPage()
  }

  /// Centred in the top margin, and not on the first page.
  private func drawNumber(_ number: Int, on canvas: Canvas) throws {
    let style = TextStyle(size: typesetter.typography.pageNumber, alignment: .center)
    let text = try typesetter.layout(String(number), style, width: geometry.textWidth)
    text.draw(on: canvas, x: geometry.textLeft, top: (geometry.textTop - text.height) / 2 + 4)
  }

  private func addOutline(to surface: PDFSurface) {
    var parents: [Int32] = []
    for placement in placements where placement.part == .content {
      guard let entry = items[placement.item].outline else { continue }
      parents.removeLast(max(0, parents.count - entry.level))
      let number = surface.addOutline(
        entry.title, below: parents.last ?? 0, page: placement.page + 1,
        y: geometry.textTop + placement.y)
      parents.append(number)
    }
  }
}
