import DocumentRendering
import Foundation

/// A report of the kind that a bloc sends at the end of the year, large enough for three pages.
/// The association names are real kinds of associations; every figure is made up.
enum YearEndReport {
  static let associations = [
    "Hội Chữ thập đỏ", "Ban đại diện Hội Người cao tuổi", "Hội Nạn nhân chất độc da cam/dioxin",
    "Hội Khuyến học", "Hội Luật gia", "Hội Nhà báo", "Hội Văn học nghệ thuật",
    "Liên hiệp các Hội Khoa học và Kỹ thuật", "Liên hiệp các tổ chức hữu nghị",
    "Hội Cựu thanh niên xung phong", "Hội Đông y", "Hội Người mù",
    "Hội Bảo trợ người khuyết tật và trẻ em mồ côi", "Hội Làm vườn", "Hội Tù yêu nước",
  ]

  static let date = DocumentDate(year: 2024, month: 1, day: 5)!

  static func document(rows: Int = 15) -> AdministrativeDocument {
    AdministrativeDocument(
      header: DocumentHeader(
        parent: "UBND tỉnh Khánh Hòa",
        issuer: "Khối thi đua các hội có tính chất đặc thù",
        number: DocumentNumber(5, symbol: "BC-KTĐ"), place: "Khánh Hòa", date: date),
      title: DocumentTitle(
        typeName: "Báo cáo",
        abstract: "Tổng kết phong trào thi đua và công tác khen thưởng năm 2023"),
      addressees: ["Ủy ban nhân dân tỉnh", "Sở Nội vụ tỉnh Khánh Hòa"],
      body: opening + results(rows: rows) + closing,
      signature: DocumentSignature(
        authority: ["TM. Khối thi đua", "Khối trưởng", "Chủ tịch Hội Khuyến học tỉnh"],
        name: "Trần Thị Minh Ánh"),
      recipients: [
        "Như trên", "Hội đồng Thi đua - Khen thưởng tỉnh", "Các đơn vị thành viên",
        "Lưu: VT, KTĐ",
      ])
  }

  static let opening: [DocumentBlock] = [
    .legalBasis("Căn cứ Luật Thi đua, khen thưởng ngày 15 tháng 6 năm 2022;"),
    .legalBasis("Căn cứ Quy chế hoạt động của Khối thi đua năm 2023."),
    .paragraph(
      """
      Thực hiện kế hoạch công tác năm, Khối thi đua các hội có tính chất đặc thù gồm 15 đơn vị thành \
      viên đã tổ chức ký kết giao ước thi đua, đăng ký danh hiệu và triển khai các phong trào thi đua \
      thiết thực, gắn với nhiệm vụ chính trị của từng đơn vị. Khối báo cáo kết quả như sau:
      """),
    .heading("I. Tình hình chung", level: .part),
    .heading("1. Thuận lợi", level: .section),
    .paragraph(
      """
      Các đơn vị được cấp ủy, chính quyền quan tâm lãnh đạo, chỉ đạo; nội bộ đoàn kết, cán bộ và hội \
      viên tích cực hưởng ứng. Công tác tuyên truyền, phổ biến các điển hình tiên tiến được duy trì \
      thường xuyên trên các phương tiện thông tin đại chúng của tỉnh.
      """),
    .heading("2. Khó khăn", level: .section),
    .paragraph(
      """
      Kinh phí hoạt động còn hạn hẹp, biên chế ít, một số đơn vị báo cáo chậm so với thời hạn. \
      Việc theo dõi, chấm điểm và kiểm tra chéo giữa các đơn vị có lúc chưa kịp thời.
      """),
  ]

  static func results(rows: Int) -> [DocumentBlock] {
    [
      .heading("II. Kết quả chấm điểm và xếp hạng", level: .part),
      .paragraph(
        StyledText("Kết quả chấm điểm của các đơn vị được tổng hợp trong ")
          + .bold("Bảng 1") + " và " + .bold("Biểu đồ 1")
          + ". Đơn vị dẫn đầu đạt 100,5 điểm (kể cả điểm thưởng)."),
      .table(table(rows: rows)),
      .barChart(chart),
    ]
  }

  static func scores(_ index: Int) -> [Decimal] {
    let lost = Decimal(index) * Decimal(string: "1.75")!
    return [
      60 - lost, 20 - Decimal(index % 4) / 2, 20 - Decimal(index % 3),
      index < 6 ? Decimal(5 - index % 5) / 2 : 0,
    ]
  }

  static func table(rows: Int) -> DocumentTable {
    DocumentTable(
      title: "Bảng 1. Kết quả chấm điểm và xếp hạng năm 2023",
      columns: [
        TableColumn("Hạng", width: .fit, alignment: .center),
        TableColumn("Đơn vị"),
        TableColumn("Nhóm I", width: .fixed(16), alignment: .trailing),
        TableColumn("Nhóm II", width: .fixed(16), alignment: .trailing),
        TableColumn("Nhóm III", width: .fixed(16), alignment: .trailing),
        TableColumn("Điểm thưởng", width: .fixed(16), alignment: .trailing),
        TableColumn("Tổng điểm", width: .fixed(16), alignment: .trailing),
        TableColumn("Xếp loại", width: .fixed(25), alignment: .center),
      ],
      groups: [TableColumnGroup("Điểm theo nhóm tiêu chí", columns: 2..<5)],
      rows: (0..<rows).map(row), note: "Đơn vị tính: điểm. Nguồn: số liệu chấm điểm của Khối.")
  }

  static func row(_ index: Int) -> [TableCell] {
    let values = scores(index % 15)
    let total = values.reduce(0, +)
    let name = associations[index % 15] + (index < 15 ? "" : " \(index + 1)")
    let rating = total >= 95 ? "Xuất sắc" : total >= 85 ? "Tốt" : "Hoàn thành"
    return [TableCell("\(index + 1)"), TableCell(StyledText(name))]
      + values.map { TableCell.number($0, fractionDigits: 2) }
      + [.number(total, fractionDigits: 2, bold: true), TableCell(StyledText(rating))]
  }

  static let chart = BarChart(
    title: "Biểu đồ 1. Tổng điểm của các đơn vị",
    series: ["Nhóm I", "Nhóm II", "Nhóm III", "Điểm thưởng"],
    bars: associations.enumerated().map { BarChart.Bar($1, scores($0), isEmphasised: $0 == 0) },
    marks: [.init(70, "Hoàn thành"), .init(85, "Tốt"), .init(95, "Xuất sắc")], fractionDigits: 2)

  static let closing: [DocumentBlock] = [
    .heading("III. Phương hướng, nhiệm vụ năm 2024", level: .part),
    .heading("a) Nhiệm vụ trọng tâm", level: .item),
    .paragraph(
      """
      Tiếp tục đổi mới nội dung, hình thức tổ chức phong trào thi đua; phát hiện, bồi dưỡng và nhân rộng \
      điển hình tiên tiến; bảo đảm việc chấm điểm, bình xét công khai, dân chủ, đúng quy định; mức \
      thưởng kèm theo danh hiệu thực hiện theo mức lương cơ sở 1.800.000 ₫.
      """),
    .list(["Ký giao ước thi đua trước ngày 31 tháng 3;", "Tổ chức hai đợt kiểm tra chéo."]),
    .paragraph(
      """
      Trên đây là báo cáo tổng kết phong trào thi đua và công tác khen thưởng năm 2023 của Khối thi đua \
      các hội có tính chất đặc thù, kính trình Ủy ban nhân dân tỉnh và Sở Nội vụ xem xét.
      """),
  ]
}
