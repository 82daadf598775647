import Foundation
import LibpqClient
import QueueSchema
import Testing

@Suite("Migrator")
struct MigratorTests {
  static let small = MigrationSet(
    name: "small",
    files: [
      ("migrations/0001_one.sql", "create table one (i int);"),
      ("functions/f.sql", "create or replace function f() returns int language sql as 'select 1';"),
    ])
  static let next = MigrationSet(
    name: "small",
    files: [
      ("migrations/0001_one.sql", "create table one (i int);"),
      ("migrations/0002_two.sql", "create table two (i int);"),
      ("functions/f.sql", "create or replace function f() returns int language sql as 'select 2';"),
    ])

  @Test("Many installers at once leave one schema, and only one of them applies it")
  func manyInstallers() async throws {
    try await withQueueDatabase { configuration in
      let counts = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 {
          group.addTask {
            let connection = try await Connection.open(configuration)
            return try await Migrator(connection, set: Self.small, schema: "crowd").up().count
          }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(counts.sorted() == [0, 0, 0, 0, 0, 2])
    }
  }

  @Test("A newer set is applied on top; the older program then names both versions and stops")
  func upgrade() async throws {
    try await withQueueDatabase { configuration in
      let connection = try await Connection.open(configuration)
      let old = Migrator(connection, set: Self.small, schema: "s")
      let new = Migrator(connection, set: Self.next, schema: "s")
      await #expect(throws: SchemaMismatch.self) { try await old.check() }
      #expect(try await old.up() == ["0001_one", "functions"])
      try await old.check()
      let lag = try await #require(throws: SchemaMismatch.self) { try await new.check() }
      #expect(lag.reason == .tooOld && lag.installed == 1 && lag.required == 2)
      #expect(try await new.up() == ["0002_two", "functions"])
      #expect(try await connection.query("select s.f()")[0, 0].decode(Int32.self) == 2)
      let ahead = try await #require(throws: SchemaMismatch.self) { try await old.up() }
      #expect(ahead.reason == .tooNew)
      #expect(ahead.description.contains("version 2") && ahead.description.contains("version 1"))
    }
  }

  @Test("Jobs that wait in a log of payloads as jsonb are still there after the upgrade, in order")
  func waitingJobs() async throws {
    try await withQueueDatabase { configuration in
      let connection = try await Connection.open(configuration)
      let files = MigrationSet.queue.migrations.prefix(17).map {
        (String(format: "migrations/%04d_", $0.version) + $0.name + ".sql", $0.sql)
      }
      let old = MigrationSet(name: "queue", files: files)
      try await Migrator(connection, set: old, schema: "earlier").up()
      try await connection.execute(
        script: """
          set search_path = earlier;
          insert into queue (name, since) values ('q', pg_current_snapshot());
          insert into job (segment, lane, kind, payload)
            select 0, q.id * 4 + 2, 'k', jsonb_build_object('n', i)
            from queue q, generate_series(1, 3) i;
          """)
      let applied = try await Migrator(connection, schema: "earlier").up()
      #expect(
        applied.starts(
          with: ["0018_payload_as_text", "0019_write_segment", "0020_rotate_sooner"]))
      let epoch = UUID()
      try await connection.query(
        "select earlier.register_worker($1, 'host', 1, 'test', 4, '{q}', '{k}')", [epoch])
      let rows = try await connection.query(
        "select payload::text from earlier.claim($1, 1, 'q', 10)", [epoch])
      let payloads = try rows.map { try $0[0].decode(String.self) }
      #expect(payloads == (1...3).map { #"{"n": \#($0)}"# })
    }
  }

  @Test("A migration that fails leaves the schema as it was")
  func failure() async throws {
    try await withQueueDatabase { configuration in
      let connection = try await Connection.open(configuration)
      let broken = MigrationSet(
        name: "small",
        files: [
          ("migrations/0001_one.sql", "create table one (i int);"),
          ("migrations/0002_two.sql", "create table one (i int);"),
        ])
      await #expect(throws: DatabaseError.self) {
        try await Migrator(connection, set: broken, schema: "s").up()
      }
      let status = try await Migrator(connection, set: broken, schema: "s").status()
      #expect(status.installed == 0)
    }
  }

  @Test("The printed SQL installs the same schema as the program")
  func printedSQL() async throws {
    try await withQueueDatabase { configuration in
      let connection = try await Connection.open(configuration)
      try await connection.execute(script: MigrationSet.queue.script(schema: "printed"))
      try await Migrator(connection, schema: "printed").check()
      let differing = try await connection.query(
        """
        select n from unnest(array['ong', 'printed']) s, lateral (
          select table_name || '.' || column_name || ' ' || data_type n
          from information_schema.columns where table_schema = s) c
        group by n having count(*) <> 2
        """)
      #expect(differing.isEmpty)
    }
  }
}
