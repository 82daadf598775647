import LibpqClient

/// What a database says of the migrations that it has.
struct MigrationJournal {
  /// Version to the time of its application.
  var applied: [Int: String] = [:]
  /// The digest of the functions, nil before the first time.
  var digest: String?

  var version: Int { applied.keys.max() ?? 0 }

  func refuseIfAhead(of migrator: Migrator) throws {
    if version > migrator.set.version { throw mismatch(.tooNew, for: migrator) }
  }

  func mismatch(_ reason: SchemaMismatch.Reason, for migrator: Migrator) -> SchemaMismatch {
    SchemaMismatch(
      reason: reason, set: migrator.set.name, schema: migrator.schema, installed: version,
      required: migrator.set.version)
  }
}

extension Migrator {
  /// Reads the journal; an empty one where there is none yet.
  func journal() async throws -> MigrationJournal {
    var journal = MigrationJournal()
    let table = try qualifiedJournal()
    let exists = try await connection.query("select to_regclass($1) is not null", [table])
    guard try exists[0, 0].decode(Bool.self) else { return journal }
    let rows = try await connection.query(
      "select version, digest, applied_at::text from \(table) where set = $1", [set.name])
    for row in rows {
      let version = try row["version"].decode(Int32.self)
      if version == 0 {
        journal.digest = try row["digest"].decode(String?.self)
      } else {
        journal.applied[Int(version)] = try row["applied_at"].decode(String.self)
      }
    }
    return journal
  }

  func record(_ migration: MigrationSet.Migration) async throws {
    try await connection.query(
      "insert into schema_migration (set, version, name) values ($1, $2, $3)",
      [set.name, Int32(migration.version), migration.name])
  }

  func recordFunctions() async throws {
    try await connection.query(
      """
      insert into schema_migration (set, version, name, digest) values ($1, 0, 'functions', $2)
      on conflict (set, version) do update set digest = excluded.digest, applied_at = clock_timestamp()
      """, [set.name, set.functionsDigest])
  }

  private func qualifiedJournal() throws -> String {
    try Connection.quoted(identifier: schema) + ".schema_migration"
  }
}

extension MigrationSet {
  /// Makes the schema and its journal, and lets every following statement of the transaction work
  /// there. pg_temp comes last, so that no temporary object can stand in for one of ours.
  static func prologue(schema: String) throws -> String {
    let name = try Connection.quoted(identifier: schema)
    return """
      do $$ begin
        if to_regnamespace(\(quotedLiteral(name))) is null then create schema \(name); end if;
      end $$;
      set local search_path = \(name), pg_temp;
      create table if not exists schema_migration (
        set text not null,
        version int not null, -- 0: the functions
        name text not null,
        digest text,
        applied_at timestamptz not null default clock_timestamp(),
        primary key (set, version));
      """
  }

  /// The SQL that `up` would run on an empty database, for people who install by psql. Default
  /// schema: `ong`.
  public func script(schema: String = "ong") throws -> String {
    let steps = migrations.map {
      """
      -- \($0.label)
      \($0.sql)
      insert into schema_migration (set, version, name)
        values (\(quotedLiteral(name)), \($0.version), \(quotedLiteral($0.name)));
      """
    }
    return """
      -- The schema "\(schema)" of Ong, set "\(name)", version \(version).
      begin;
      \(try Self.prologue(schema: schema))
      \(steps.joined(separator: "\n"))
      -- functions
      \(functions)
      insert into schema_migration (set, version, name, digest)
        values (\(quotedLiteral(name)), 0, 'functions', \(quotedLiteral(functionsDigest)));
      commit;

      """
  }
}

extension MigrationSet.Migration {
  /// `0001_journals`.
  var label: String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }
}

/// A string constant of SQL. For names of our own; values travel as parameters.
private func quotedLiteral(_ text: String) -> String {
  "'" + text.replacing("'", with: "''") + "'"
}
