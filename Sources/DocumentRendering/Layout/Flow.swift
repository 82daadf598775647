/// Something of a known height that can be drawn at a place.
protocol Drawable {
  var height: Double { get }
  func draw(on canvas: Canvas, x: Double, y: Double)
}

/// A part of the text column that is never divided.
struct FlowItem {
  enum Break {
    /// A page may end before this item.
    case allowed
    /// This item belongs to the one before.
    case forbidden
    /// This item begins a page.
    case forced
  }

  var content: any Drawable
  /// Left out at the top of a page.
  var spaceBefore = 0.0
  var breakBefore = Break.allowed
  /// Drawn above this item when it begins a page: the header of a table.
  var runningHead: (any Drawable)?
  var outline: OutlineEntry?
}

struct OutlineEntry {
  var title: String
  var level: Int
}

/// Where something stands: on which page, counted from 0, and how far below the top of its text.
struct Placement: Equatable {
  enum Part: Equatable { case content, runningHead }

  var item: Int
  var part: Part
  var page: Int
  var y: Double
}

/// Divides a column of items into pages. It knows heights only.
struct Paginator {
  let pageHeight: Double
  private var page = 0
  private var y = 0.0
  private var placements: [Placement] = []

  static func placements(of items: [FlowItem], pageHeight: Double) -> [Placement] {
    var paginator = Paginator(pageHeight: pageHeight)
    for group in groups(of: items) { paginator.place(group, of: items) }
    return paginator.placements
  }

  private init(pageHeight: Double) { self.pageHeight = pageHeight }

  /// Runs of items that no page may divide.
  private static func groups(of items: [FlowItem]) -> [Range<Int>] {
    let starts = items.indices.filter { $0 == 0 || items[$0].breakBefore != .forbidden }
    return zip(starts, starts.dropFirst() + [items.count]).map { $0..<$1 }
  }

  private mutating func place(_ group: Range<Int>, of items: [FlowItem]) {
    let first = items[group.lowerBound]
    let height = group.reduce(0) { $0 + items[$1].spaceBefore + items[$1].content.height }
    if first.breakBefore == .forced || !fits(height) { beginPage() }
    for index in group { place(index, items[index]) }
  }

  private mutating func place(_ index: Int, _ item: FlowItem) {
    // A group that is higher than a page is divided after all.
    if !fits(item.spaceBefore + item.content.height) { beginPage() }
    if y == 0, let head = item.runningHead {
      placements.append(Placement(item: index, part: .runningHead, page: page, y: 0))
      y = head.height
    } else if y > 0 {
      y += item.spaceBefore
    }
    placements.append(Placement(item: index, part: .content, page: page, y: y))
    y += item.content.height
  }

  /// A hundredth of a point forgives the rounding of sums.
  private func fits(_ height: Double) -> Bool { y + height <= pageHeight + 0.01 }

  private mutating func beginPage() {
    guard y > 0 else { return }
    page += 1
    y = 0
  }
}
