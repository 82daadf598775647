import DocumentRendering
import Foundation

/// The ranking as a table of a document: rank, unit, points of the top groups, total and class.
struct RankingTable {
  let content: SnapshotContent

  var table: DocumentTable {
    DocumentTable(
      title: "Bảng điểm và xếp hạng \(content.blocPeriod.period.name.vi.lowercasedFirst)",
      columns: columns,
      groups: [TableColumnGroup("Điểm các nhóm tiêu chí", columns: 2..<(2 + groups.count))],
      rows: content.ranking.rows.map(cells),
      note: "Điểm làm tròn đến hai chữ số thập phân ở từng tiêu chí. HT: hoàn thành nhiệm vụ.")
  }

  private var groups: [Criterion] { content.scheme.topGroups }

  private var columns: [TableColumn] {
    [
      TableColumn("Hạng", width: .fit, alignment: .center),
      TableColumn("Đơn vị", width: .share(1)),
    ]
      + groups.map { TableColumn($0.code, width: .fit, alignment: .trailing) }
      + [
        TableColumn("Tổng điểm", width: .fixed(17), alignment: .trailing),
        TableColumn("Xếp loại", width: .fixed(31), alignment: .center),
      ]
  }

  private func cells(_ row: RankingRow) -> [TableCell] {
    [
      TableCell(StyledText(row.rank.map(String.init) ?? "–")),
      TableCell(StyledText(row.unit.name.vi)),
    ]
      + groups.map { number(points(of: $0, row)) }
      + [number(row.score?.total, bold: true), TableCell(StyledText(rating(row)))]
  }

  /// The group of adjustments shows what counts: its bonus after the cap and its deductions.
  private func points(of group: Criterion, _ row: RankingRow) -> Decimal? {
    guard let score = row.score else { return nil }
    let isAdjustment = content.scheme.children(of: group.code).contains(where: \.isAdjustment)
    return isAdjustment ? score.bonus + score.deduction : score.points[group.code]
  }

  private func number(_ value: Decimal?, bold: Bool = false) -> TableCell {
    guard let value else { return "–" }
    return .number(value, fractionDigits: 2, bold: bold)
  }

  private func rating(_ row: RankingRow) -> String {
    switch row.rating {
    case .excellent: "HT xuất sắc"
    case .good: "HT tốt"
    case .completed: "HT"
    case .notCompleted: "Không HT"
    case nil: "Không xếp hạng"
    }
  }
}

/// The totals as bars, with the limits of the classes.
struct RankingChart {
  let content: SnapshotContent

  var chart: BarChart {
    BarChart(
      title: "Tổng điểm của các đơn vị", bars: bars,
      marks: content.scheme.thresholds.map {
        BarChart.Mark($0.atLeast, VietnameseNumber.string($0.atLeast))
      },
      fractionDigits: 2)
  }

  private var bars: [BarChart.Bar] {
    content.ranking.rows.compactMap { row in
      row.score.map { BarChart.Bar(row.unit.code, [$0.total]) }
    }
  }
}
