import EmulationAwards
import Foundation
import MailTransport

/// The domain's notices as mail.
struct MailNotices: NoticeTransport {
  let isIdempotent: Bool
  private let transport: any MailTransport

  init(_ transport: any MailTransport, isIdempotent: Bool) {
    self.transport = transport
    self.isIdempotent = isIdempotent
  }

  /// Blocks its thread, which the job that sends notices has for itself.
  func deliver(_ notice: NoticeMessage) async throws -> String {
    let message: MailMessage
    do {
      message = try MailMessage(notice)
    } catch {
      throw NoticeTransportError(.permanent, "\(error)")
    }
    let delivery: Delivery
    do {
      delivery = try transport.send(message)
    } catch {  // nothing was sent: the fault is on this side and can be mended
      throw NoticeTransportError(.temporary, "\(error)")
    }
    switch delivery {
    case .accepted(let receipt): return receipt.reference
    case .refusedPermanently(let reply): throw NoticeTransportError(.permanent, "\(reply)")
    case .refusedTemporarily(let reply): throw NoticeTransportError(.temporary, "\(reply)")
    case .uncertain(let reply): throw NoticeTransportError(.uncertain, "\(reply)")
    }
  }
}

extension MailMessage {
  fileprivate init(_ notice: NoticeMessage) throws {
    try self.init(
      messageID: MessageID(String(notice.messageID.dropFirst().dropLast())), date: notice.date,
      from: MailAddress(notice.senderAddress, name: notice.senderName),
      to: [MailAddress(notice.recipientAddress, name: notice.recipientName)],
      subject: notice.subject, body: notice.body)
  }
}
