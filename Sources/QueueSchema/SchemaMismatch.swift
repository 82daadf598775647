/// The schema in the database is not the one that this binary needs.
public struct SchemaMismatch: Error, Sendable, CustomStringConvertible {
  public enum Reason: Sendable {
    /// Nothing is installed under this schema's name.
    case missing
    /// The database lags behind the binary.
    case tooOld
    /// The database is ahead of the binary.
    case tooNew
    /// The versions are equal, the functions' text is not.
    case functionsDiffer
  }

  public let reason: Reason
  /// The migration set's name, for example `queue`.
  public let set: String
  public let schema: String
  /// The version in the database, 0 where nothing is installed.
  public let installed: Int
  /// The version that the binary was built with.
  public let required: Int

  public var description: String {
    let subject = "the \(set) schema \"\(schema)\""
    switch reason {
    case .missing:
      return "\(subject) is not installed in this database; version \(required) is needed."
        + " Run: ong migrate up"
    case .tooOld:
      return "\(subject) has version \(installed), this program needs version \(required)."
        + " Run: ong migrate up"
    case .tooNew:
      return "\(subject) has version \(installed), this program knows only version \(required)."
        + " Use a newer ong, or a database that was not migrated so far."
    case .functionsDiffer:
      return "\(subject) has version \(installed) like this program, but other functions."
        + " Run: ong migrate up"
    }
  }
}
