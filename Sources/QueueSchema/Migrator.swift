public import LibpqClient

/// Installs a `MigrationSet` in a schema of a database and keeps it up to date.
///
/// Any number of installers may run at once: they wait for each other, and one does the work. All
/// that is pending is applied in one transaction, so that a failure leaves the schema as it was.
/// The installer needs the right to create a schema; only for the roles of the queue it also needs
/// CREATEROLE, and without that right a notice says what an administrator has to run.
public struct Migrator: Sendable {
  public let connection: Connection
  public let set: MigrationSet
  public let schema: String

  /// What `status` finds.
  public struct Status: Sendable {
    public struct Step: Sendable {
      public let version: Int
      public let name: String
      /// When it was applied, in the database's own notation; nil where it is pending.
      public let appliedAt: String?
    }
    public let steps: [Step]
    /// Whether the functions in the database have this binary's text.
    public let functionsAreCurrent: Bool
    public let installed: Int
    public let required: Int
  }

  /// - Parameters:
  ///   - set: what to install.
  ///   - schema: where; created when it is missing. Default: `ong`.
  public init(_ connection: Connection, set: MigrationSet = .queue, schema: String = "ong") {
    self.connection = connection
    self.set = set
    self.schema = schema
  }

  /// Applies what is pending and returns the names of the steps that ran; empty where the schema
  /// was up to date. Throws `SchemaMismatch` (`tooNew`) where the database is ahead.
  @discardableResult
  public func up(timeout: Duration = .seconds(600)) async throws -> [String] {
    let prologue = try MigrationSet.prologue(schema: schema)
    return try await connection.transaction { connection in
      try await connection.query(
        "select pg_advisory_xact_lock(hashtextextended('ong migrate ' || $1, 0))", [schema],
        timeout: timeout)
      try await connection.execute(script: prologue, timeout: timeout)
      let found = try await journal()
      try found.refuseIfAhead(of: self)
      var applied: [String] = []
      for migration in set.migrations where migration.version > found.version {
        try await connection.execute(script: migration.sql, timeout: timeout)
        try await record(migration)
        applied.append(migration.label)
      }
      if found.digest != set.functionsDigest {
        try await connection.execute(script: set.functions, timeout: timeout)
        try await recordFunctions()
        applied.append("functions")
      }
      try await connection.execute(script: "reset search_path", timeout: timeout)
      return applied
    }
  }

  /// Throws `SchemaMismatch`, which names both versions, unless the schema is the one that this
  /// binary was built with.
  public func check() async throws {
    let found = try await journal()
    try found.refuseIfAhead(of: self)
    if found.version == 0 { throw found.mismatch(.missing, for: self) }
    if found.version < set.version { throw found.mismatch(.tooOld, for: self) }
    if found.digest != set.functionsDigest { throw found.mismatch(.functionsDiffer, for: self) }
  }

  public func status() async throws -> Status {
    let found = try await journal()
    let newer = found.applied.keys.filter { $0 > set.version }.sorted()
    let steps =
      set.migrations.map {
        Status.Step(version: $0.version, name: $0.name, appliedAt: found.applied[$0.version])
      } + newer.map { Status.Step(version: $0, name: "?", appliedAt: found.applied[$0]) }
    return Status(
      steps: steps, functionsAreCurrent: found.digest == set.functionsDigest,
      installed: found.version, required: set.version)
  }
}
