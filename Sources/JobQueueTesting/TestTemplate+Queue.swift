import QueueSchema

extension TestTemplate {
  /// The queue's schema, installed as `ong`; no queue in it.
  public static let queue = TestTemplate("queue") { connection in
    try await Migrator(connection).up()
  }
}
