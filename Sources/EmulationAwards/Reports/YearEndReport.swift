import DocumentRendering
import Foundation

/// "Báo cáo tổng kết phong trào thi đua và công tác khen thưởng": the bloc's report at the end of a
/// period, laid out by Decree 30/2020. Everything in it comes from a snapshot.
struct YearEndReport {
  static let kind = "year_end"
  /// Raised whenever the same snapshot would give another document.
  static let templateVersion = 1

  let content: SnapshotContent

  var document: AdministrativeDocument {
    AdministrativeDocument(
      header: DocumentHeader(
        parent: "Ủy ban nhân dân \(provinceInSentence)", issuer: bloc.name.vi, number: number,
        place: content.document.place, date: content.document.day.documentDate),
      title: DocumentTitle(
        typeName: "Báo cáo",
        abstract: "Tổng kết phong trào thi đua và công tác khen thưởng \(periodInSentence)"),
      body: introduction + results + deliberation + nextPeriod,
      signature: DocumentSignature(
        authority: ["TM. Khối thi đua", content.blocPeriod.head.post.vi],
        name: content.blocPeriod.head.person),
      recipients: [
        "Hội đồng Thi đua - Khen thưởng tỉnh", "Sở Nội vụ (Ban Thi đua - Khen thưởng)",
        "Các đơn vị thành viên của Khối", "Lưu: VT, Khối trưởng",
      ])
  }

  private var bloc: Bloc { content.blocPeriod.bloc }
  private var ranked: [RankingRow] { content.ranking.rows.filter { $0.rank != nil } }
  private var unranked: [RankingRow] { content.ranking.rows.filter { $0.rank == nil } }
  private var provinceInSentence: String { bloc.province.vi.lowercasedFirst }
  private var periodInSentence: String { content.blocPeriod.period.name.vi.lowercasedFirst }

  private var number: DocumentNumber {
    let given = content.document.number.flatMap { Int($0.prefix { $0.isNumber }) }
    return DocumentNumber(given, symbol: content.document.symbol)
  }

  private var introduction: [DocumentBlock] {
    [
      .legalBasis(
        "Căn cứ Luật Thi đua, khen thưởng và các văn bản hướng dẫn thi hành;"),
      .legalBasis(
        "Căn cứ kế hoạch công tác và bản giao ước thi đua \(periodInSentence) của \(bloc.name.vi);"
      ),
      .legalBasis(
        "Căn cứ bảng điểm của các đơn vị thành viên và kết quả bình xét tại hội nghị tổng kết."),
      .paragraph(
        StyledText(
          "\(bloc.name.vi) báo cáo tổng kết phong trào thi đua và công tác khen thưởng "
            + "\(periodInSentence) như sau:")),
    ]
  }

  private var results: [DocumentBlock] {
    [
      .heading("I. Tình hình chung", level: .part),
      .paragraph(
        StyledText(
          "Khối có \(content.ranking.rows.count) đơn vị thành viên, do "
            + "\(name(of: content.blocPeriod.head.unit)) làm Khối trưởng. Các đơn vị tự chấm điểm "
            + "theo \(content.scheme.name.vi.lowercasedFirst), phiên bản \(content.scheme.version), "
            + "gồm \(content.scheme.leaves.count) tiêu chí thuộc \(groups).")),
      .paragraph(StyledText(ratingSentence)),
      .heading("II. Kết quả chấm điểm và xếp hạng", level: .part),
      .table(RankingTable(content: content).table),
      .barChart(RankingChart(content: content).chart),
    ] + notRanked + shared
  }

  private var groups: String {
    content.scheme.topGroups.map {
      $0.maximum > 0
        ? "nhóm \($0.code) (\(VietnameseNumber.string($0.maximum)) điểm)"
        : "nhóm \($0.code) (thưởng, trừ)"
    }.joined(separator: ", ")
  }

  private var ratingSentence: String {
    let counts = Rating.allCases.reversed().compactMap { rating -> String? in
      let count = ranked.filter { $0.rating == rating }.count
      return count == 0 ? nil : "\(count) đơn vị \(rating.label.vi.lowercasedFirst)"
    }
    return "Kết quả xếp loại: " + counts.joined(separator: "; ")
      + (unranked.isEmpty ? "." : "; \(unranked.count) đơn vị không xếp hạng.")
  }

  private var notRanked: [DocumentBlock] {
    unranked.map { row in
      .paragraph(
        StyledText(
          "\(row.unit.name.vi) không xếp hạng. Lý do: "
            + "\(row.exclusion?.reason.vi.lowercasedFirst ?? "không có điểm")."))
    }
  }

  /// Equal ranks that the tie rule could not part.
  private var shared: [DocumentBlock] {
    let byRank = Dictionary(grouping: ranked) { $0.rank ?? 0 }
    return byRank.keys.sorted().compactMap { rank in
      let names = (byRank[rank] ?? []).map(\.unit.name.vi)
      guard names.count > 1 else { return nil }
      let text =
        "\(names.joined(separator: " và ")) đồng hạng \(rank): bằng nhau về tổng điểm và các tiêu "
        + "chí phụ của thang điểm."
      return .paragraph(StyledText(text))
    }
  }

  private var deliberation: [DocumentBlock] {
    guard let leader = ranked.first, let score = leader.score else { return [] }
    return [
      .heading("III. Bình xét, suy tôn", level: .part),
      .paragraph(
        StyledText(
          "Căn cứ kết quả chấm điểm, hội nghị tổng kết suy tôn \(leader.unit.name.vi) là đơn vị dẫn "
            + "đầu Khối với \(PointsText.vietnamese(score.total)) điểm, đề nghị Chủ tịch Ủy ban nhân "
            + "dân tỉnh xem xét, quyết định khen thưởng theo thẩm quyền.")),
    ]
  }

  private var nextPeriod: [DocumentBlock] {
    [
      .heading("IV. Phương hướng", level: .part),
      .paragraph(
        StyledText(
          "Các đơn vị thành viên phát huy kết quả đạt được, khắc phục hạn chế, đăng ký và ký kết "
            + "giao ước thi đua của kỳ tiếp theo, gửi báo cáo đúng thời hạn.")),
      .paragraph(
        StyledText(
          "Trên đây là báo cáo tổng kết phong trào thi đua và công tác khen thưởng "
            + "\(periodInSentence) của \(bloc.name.vi).")),
    ]
  }

  private func name(of unit: String) -> String {
    content.ranking.row(of: unit)?.unit.name.vi ?? unit
  }
}
