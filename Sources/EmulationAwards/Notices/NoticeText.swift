import Foundation

/// Subject and body of a notice: Vietnamese first, English second.
struct NoticeText {
  let decision: Decision
  let period: BlocPeriod
  let recipient: Recipient
  let purpose: NoticePurpose
  /// The ranking that the decision was taken on.
  let ranking: Ranking

  var subject: String {
    switch purpose {
    case .award: "Thông báo khen thưởng theo Quyết định số \(decision.number)"
    case .result: "Thông báo kết quả thi đua \(period.period.name.vi.lowercasedFirst)"
    case .information: "Kết quả khen thưởng của khối theo Quyết định số \(decision.number)"
    }
  }

  var body: String {
    """
    Kính gửi: \(recipient.name)

    \(vietnamese)

    Trân trọng thông báo.

    -- 

    To: \(recipient.name)

    \(english)

    (The Vietnamese text is binding; the English one is an unofficial translation.)

    """.normalisedForStorage
  }

  private var vietnamese: String {
    let basis =
      "\(decision.issuer.vi) đã ban hành Quyết định số \(decision.number) \(decision.day.vietnamese) "
      + decision.subject.vi.lowercasedFirst + "."
    switch purpose {
    case .award:
      return basis + "\n\nTheo Quyết định, Quý đơn vị được tặng:\n" + awards(\.vi)
        + "\n\n" + standing(\.vi)
    case .result:
      return basis + "\n\nQuý đơn vị không thuộc danh sách khen thưởng của Quyết định này.\n\n"
        + standing(\.vi)
    case .information: return basis + "\n\nDanh sách các tập thể được khen thưởng:\n" + list(\.vi)
    }
  }

  private var english: String {
    let basis =
      "By Decision No. \(decision.number) of \(decision.day.english), issued by the "
      + "\(decision.issuer.en): \(decision.subject.en)."
    switch purpose {
    case .award:
      return basis + "\n\nYour organisation is awarded:\n" + awards(\.en) + "\n\n" + standing(\.en)
    case .result:
      return basis + "\n\nYour organisation is not among those awarded by this decision.\n\n"
        + standing(\.en)
    case .information: return basis + "\n\nThe units awarded:\n" + list(\.en)
    }
  }

  private func awards(_ language: KeyPath<LocalizedText, String>) -> String {
    decision.awards.filter { $0.unit == recipient.unit }
      .map { "- " + $0.kind.label[keyPath: language] }.joined(separator: "\n")
  }

  private func list(_ language: KeyPath<LocalizedText, String>) -> String {
    decision.awards.enumerated().map { index, award in
      let name = ranking.row(of: award.unit)?.unit.name[keyPath: language] ?? award.unit
      return "\(index + 1). \(name): \(award.kind.label[keyPath: language])"
    }.joined(separator: "\n")
  }

  /// What the bloc's ranking says of the unit; empty if it has no row there.
  private func standing(_ language: KeyPath<LocalizedText, String>) -> String {
    guard let row = recipient.unit.flatMap({ ranking.row(of: $0) }) else { return "" }
    let isVietnamese = language == \.vi
    if let exclusion = row.exclusion {
      let reason = exclusion.reason[keyPath: language].lowercasedFirst
      return isVietnamese ? "Không xếp hạng: \(reason)." : "Not ranked: \(reason)."
    }
    guard let score = row.score, let rank = row.rank, let rating = row.rating else { return "" }
    let label = rating.label[keyPath: language]
    return isVietnamese
      ? "Kết quả của khối: \(PointsText.vietnamese(score.total)) điểm, xếp hạng \(rank), "
        + "xếp loại “\(label)”."
      : "Result of the bloc: \(PointsText.english(score.total)) points, rank \(rank), rated “\(label)”."
  }
}

extension String {
  /// "Năm 2023" → "năm 2023", for the middle of a sentence.
  var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
