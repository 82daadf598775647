import EmulationAwards
import Foundation

extension Table {
  /// The ranking of a bloc, in Vietnamese as its people read it.
  static func ranking(_ ranking: Ranking) -> Table {
    Table(
      columns: [
        .init(title: "HẠNG", alignment: .right),
        .init(title: "ĐƠN VỊ", minimumWidth: 16),
        .init(title: "ĐIỂM", alignment: .right, expendability: 3),
        .init(title: "THƯỞNG", alignment: .right, expendability: 2),
        .init(title: "TRỪ", alignment: .right, expendability: 2),
        .init(title: "TỔNG", alignment: .right),
        .init(title: "XẾP LOẠI", minimumWidth: 12),
      ],
      rows: ranking.rows.map { row in
        [
          row.rank.map { "\($0)" } ?? "–", row.unit.name.vi, points(row.score?.base),
          points(row.score?.bonus), points(row.score?.deduction), points(row.score?.total),
          row.rating?.label.vi ?? row.exclusion.map { $0.reason.vi } ?? "",
        ]
      })
  }

  /// Two decimals with a comma, as Vietnamese writes them.
  private static func points(_ value: Decimal?) -> String {
    value?.formatted(
      .number.precision(.fractionLength(2)).grouping(.never).locale(Locale(identifier: "vi")))
      ?? "–"
  }

  /// Notices of decisions.
  static func notices(_ notices: [Notice]) -> Table {
    Table(
      columns: [
        .init(title: "TO", minimumWidth: 16),
        .init(title: "E-MAIL", minimumWidth: 16),
        .init(title: "PURPOSE"),
        .init(title: "STATE"),
        .init(title: "SENT", expendability: 1),
      ],
      rows: notices.map { notice in
        [
          notice.recipient.name, notice.recipient.email, notice.purpose.rawValue,
          notice.state.rawValue, notice.sentAt.map { TimeText.stamp($0) } ?? "",
        ]
      })
  }
}
