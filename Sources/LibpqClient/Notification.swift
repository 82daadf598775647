/// A message that some session sent with NOTIFY.
public struct Notification: Sendable, Hashable {
  public let channel: String
  /// Empty when NOTIFY named none. At most 7,999 bytes.
  public let payload: String
  /// The server process that sent it.
  public let senderProcessID: Int32
}
