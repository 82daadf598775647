/// Why a private server cannot be had, and what to do.
public struct PrivateServerError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    case programsMissing
    case versionMismatch
    case folder
    case inUse
    case initdbFailed
    case startFailed
    case stopFailed
  }

  public var kind: Kind
  public var message: String
  /// What to do next.
  public var hint: String?

  init(_ kind: Kind, _ message: String, hint: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  public var description: String { hint.map { "\(message). \($0)" } ?? message }
}
