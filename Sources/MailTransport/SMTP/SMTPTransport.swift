import CCurl
import Synchronization

/// Hands messages to a mail server by SMTP, over libcurl.
///
/// Connections are kept open and used again; as many stand as messages were under way at once.
public final class SMTPTransport: MailTransport {
  private let configuration: SMTPConfiguration
  private let idle = Mutex<[SMTPHandle]>([])

  /// Connects to nothing yet. Throws if libcurl does not start.
  public init(_ configuration: SMTPConfiguration) throws {
    guard Self.libraryStarted else { throw MailTransportError.library("could not be started") }
    self.configuration = configuration
  }

  private static let libraryStarted = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  public func send(_ message: MailMessage) throws -> Delivery {
    let handle = try idle.withLock { $0.popLast() } ?? SMTPHandle(configuration)
    defer { idle.withLock { $0.append(handle) } }
    return try handle.send(message)
  }
}
