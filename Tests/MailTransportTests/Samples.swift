import Foundation
import MailTransport

/// A notice as the bloc sends it; every test gives it a Message-ID of its own.
func notice(
  to local: String = "hoi", id: MessageID? = nil, subject: String = Sample.subject,
  body: String = Sample.body
) throws -> MailMessage {
  try MailMessage(
    messageID: id ?? Sample.id(), date: Sample.date,
    from: MailAddress("khoi@example.vn", name: "Khối thi đua"),
    to: [MailAddress("\(local)@example.vn", name: "Hội Khuyến học tỉnh")], subject: subject,
    body: body)
}

enum Sample {
  static let date = Date(timeIntervalSince1970: 1_702_429_200)  // 13/12/2023, 08:00 in Vietnam
  static let subject = """
    Quyết định tặng Bằng khen của Chủ tịch Ủy ban nhân dân tỉnh cho các tập thể có thành tích xuất \
    sắc năm 2023 🐝
    """
  static let body = "Kính gửi Quý Hội,\n\n.một dấu chấm đầu dòng\nFrom ai đó\n"

  static func id() throws -> MessageID { try MessageID("award-\(UUID().uuidString)@ong.example") }
}
