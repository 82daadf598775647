import EmulationAwards
import Foundation

/// A small bloc with every kind of leaf, and one name that tries to be HTML.
enum SampleBloc {
  static let key = BlocPeriodKey(bloc: "HDT", period: "2023")
  static let hostileName = #"Hội <script>alert("1")</script> & 'con'"#

  static let units = [
    unit("CTD", "Hội Chữ thập đỏ tỉnh", "Provincial Red Cross Society"),
    unit("KHOC", "Hội Khuyến học tỉnh", "Provincial Association for Promoting Education"),
    unit("LG", "Hội Luật gia tỉnh", "Provincial Lawyers' Association"),
    unit("XSS", hostileName, hostileName),
    unit("TYN", "Hội Tù yêu nước tỉnh", "Association of Former Political Prisoners"),
  ]

  static let bloc = Bloc(
    code: "HDT",
    name: LocalizedText(
      vi: "Khối thi đua các hội có tính chất đặc thù", en: "Bloc of Special-Character Associations"),
    province: LocalizedText(vi: "Tỉnh Bình Minh", en: "Bình Minh Province"))

  static let period = Period(
    code: "2023", name: LocalizedText(vi: "Năm 2023", en: "The year 2023"), kind: .year,
    firstDay: CalendarDay(iso: "2023-01-01")!, lastDay: CalendarDay(iso: "2023-12-31")!)

  static let head = BlocHead(
    unit: "CTD", post: LocalizedText(vi: "Khối trưởng", en: "Head"), person: "Đặng Thị Ngọc Ánh")

  static let scheme = ScoringScheme(
    code: "TEST", version: 1, name: LocalizedText(vi: "Thang điểm 100", en: "100 points"),
    validFrom: CalendarDay(iso: "2023-01-01")!, criteria: criteria, bonusCap: 5,
    thresholds: [
      RatingThreshold(rating: .excellent, atLeast: 95, minimumPercentage: 50),
      RatingThreshold(rating: .good, atLeast: 85, minimumPercentage: 50),
      RatingThreshold(rating: .completed, atLeast: 70, minimumPercentage: 0),
    ], tieRule: [.scoreBeforeBonus, .group("I"), .ballot])

  private static let criteria = [
    criterion("I", nil, "Thực hiện nhiệm vụ chính trị, chuyên môn", .group, 70),
    criterion("I.1", "I", "Vận động nguồn lực xã hội", .quantitative, 40, "triệu đồng"),
    criterion("I.2", "I", "Tư vấn, phản biện", .perOccurrence(points: 5), 30, "văn bản"),
    criterion("II", nil, "Chấp hành chủ trương, pháp luật", .group, 30),
    criterion("II.1", "II", "Nội bộ đoàn kết", .qualitative, 30),
    criterion("IV", nil, "Điểm thưởng, điểm trừ", .group, 0),
    criterion(
      "IV.1", "IV", "Được trung ương khen thưởng",
      .adjustment(bonus: 1, penalty: 0, lowest: 0, highest: 5), 0, "lần"),
    criterion(
      "IV.2", "IV", "Báo cáo chậm",
      .adjustment(bonus: 0, penalty: 1, lowest: -10, highest: 0), 0, "lần"),
  ]

  static func sheet(
    _ unit: String, actual: Decimal, occurrences: Int = 6, achieved: Bool = true, bonuses: Int = 0,
    penalties: Int = 0, revision: Int = 0
  ) -> SelfScoreSheet {
    SelfScoreSheet(
      blocPeriod: key, unit: unit,
      figures: [
        "I.1": .quantity(actual: actual, target: 1000), "I.2": .occurrences(occurrences),
        "II.1": .achieved(achieved), "IV.1": .adjustments(bonuses: bonuses, penalties: 0),
        "IV.2": .adjustments(bonuses: 0, penalties: penalties),
      ], revision: revision)
  }

  private static func unit(_ code: String, _ vi: String, _ en: String) -> EmulationUnit {
    EmulationUnit(code: code, name: LocalizedText(vi: vi, en: en))
  }

  private static func criterion(
    _ code: String, _ parent: String?, _ name: String, _ kind: Criterion.Kind, _ maximum: Decimal,
    _ measure: String = ""
  ) -> Criterion {
    Criterion(
      code: code, parent: parent, name: LocalizedText(vi: name, en: name), kind: kind,
      maximum: maximum, measure: LocalizedText(vi: measure, en: measure))
  }
}
