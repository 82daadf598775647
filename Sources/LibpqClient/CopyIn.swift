import Dispatch

/// The course of one COPY … FROM STDIN. Confined to the connection's queue.
final class CopyIn {
  enum State {
    case starting
    /// The server takes data.
    case open
    /// All data is handed over, the outcome is awaited.
    case ending
  }

  let sql: String
  var state = State.starting
  /// Called once each time the connection is ready for the next chunk, or the copy has failed.
  private var whenReady: (@Sendable (DatabaseError?) -> Void)?
  private var failure: DatabaseError?

  init(sql: String) { self.sql = sql }

  func awaitReady(_ body: @escaping @Sendable (DatabaseError?) -> Void) {
    if let failure { return body(failure) }
    whenReady = body
  }

  func ready() {
    let body = whenReady
    whenReady = nil
    body?(nil)
  }

  func fail(_ error: DatabaseError) {
    failure = error
    let body = whenReady
    whenReady = nil
    body?(error)
  }

  var isAwaited: Bool { whenReady != nil }
}
