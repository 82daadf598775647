import CLibpq
import Logging

/// Sends the server's notices to the log at debug level, instead of libpq's stderr, and remembers
/// the last fatal one: it says why the server ended an idle connection.
final class NoticeSink {
  private let logger: Logger?
  private(set) var lastFatal: DatabaseError?

  init(logger: Logger?) { self.logger = logger }

  /// The sink must live as long as the connection.
  func attach(to connection: OpaquePointer) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    PQsetNoticeReceiver(
      connection,
      { context, result in
        guard let context, let result else { return }
        Unmanaged<NoticeSink>.fromOpaque(context).takeUnretainedValue().take(result)
      }, context)
  }

  private func take(_ result: OpaquePointer) {
    let notice = DatabaseError(result: result, sql: nil)
    if notice.isConnectionLost && notice.sqlState != nil { lastFatal = notice }
    logger?.debug("notice from the server", metadata: ["notice": "\(notice.message)"])
  }
}
