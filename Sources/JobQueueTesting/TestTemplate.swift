public import LibpqClient

/// What a test's database holds at its start. Prepared once per cluster, then cloned for each test.
public struct TestTemplate: Sendable {
  /// Names the template within its cluster: two templates of one name are taken for the same.
  /// Lower-case letters, digits and underscores.
  public let name: String
  let prepare: @Sendable (Connection) async throws -> Void

  /// - Parameter prepare: fills the template's database. It must leave no other connection behind,
  ///   as a database that somebody is connected to cannot be cloned.
  public init(_ name: String, prepare: @escaping @Sendable (Connection) async throws -> Void) {
    self.name = name
    self.prepare = prepare
  }

  /// No tables at all.
  public static let empty = TestTemplate("empty") { _ in }
}
