import Testing

@testable import DocumentRendering

@Suite("The division into pages")
struct PaginatorTests {
  private struct Box: Drawable {
    var height: Double
    func draw(on canvas: Canvas, x: Double, y: Double) {}
  }

  private func item(
    _ height: Double, space: Double = 0, _ rule: FlowItem.Break = .allowed, head: Double? = nil
  ) -> FlowItem {
    FlowItem(
      content: Box(height: height), spaceBefore: space, breakBefore: rule,
      runningHead: head.map { Box(height: $0) })
  }

  /// "page:y" of each item, with "h" for running heads.
  private func places(_ items: [FlowItem]) -> [String] {
    Paginator.placements(of: items, pageHeight: 100).map {
      ($0.part == .runningHead ? "h" : "") + "\($0.page):\(Int($0.y))"
    }
  }

  @Test("leaves out the space at the top of a page")
  func spaces() {
    #expect(
      places([item(40, space: 9), item(40, space: 9), item(40, space: 9)]) == [
        "0:0", "0:49", "1:0",
      ])
  }

  @Test("takes an item that just fits")
  func justFits() {
    #expect(places([item(50), item(50), item(1)]) == ["0:0", "0:50", "1:0"])
  }

  @Test("moves items that belong together to the next page together")
  func keepsTogether() {
    #expect(places([item(60), item(20), item(30, .forbidden)]) == ["0:0", "1:0", "1:20"])
  }

  @Test("divides a group that is higher than a page")
  func dividesHugeGroup() {
    #expect(
      places([item(60), item(70, .forbidden), item(70, .forbidden)]) == ["0:0", "1:0", "2:0"])
  }

  @Test("begins a page where it is told to, and never an empty one")
  func forcedBreak() {
    #expect(places([item(10, .forced), item(10, .forced)]) == ["0:0", "1:0"])
  }

  @Test("repeats the running head above the first item of a page only")
  func runningHead() {
    let rows = (0..<4).map { _ in item(40, head: 15) }
    #expect(places([item(30)] + rows) == ["0:0", "0:30", "h1:0", "1:15", "1:55", "h2:0", "2:15"])
  }
}
