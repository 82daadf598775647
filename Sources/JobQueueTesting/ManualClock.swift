import LibpqClient
import QueueSchema

/// A clock that tests set forward: the queue's SQL, and SQL of new connections to the database, take
/// `now()` and `clock_timestamp()` from the schema `manual_clock`, which adds an offset.
///
/// The offset is zero at first and never goes back. Between two advances the clock runs on.
enum ManualClock {
  static let installation = """
    create schema manual_clock;
    create table manual_clock.setting (ahead interval not null);
    insert into manual_clock.setting values ('0');
    create function manual_clock.clock_timestamp() returns timestamptz language sql volatile
      as $$ select pg_catalog.clock_timestamp() + s.ahead from manual_clock.setting s $$;
    create function manual_clock.now() returns timestamptz language sql stable
      as $$ select pg_catalog.now() + s.ahead from manual_clock.setting s $$;
    grant usage on schema manual_clock to public;
    grant select on manual_clock.setting to public;

    do $$
    declare
      v_function regprocedure;
      v_default record;
    begin
      -- A name is looked up in pg_catalog first unless the path says otherwise.
      for v_function in
        select p.oid from pg_proc p
        where p.pronamespace = 'ong'::regnamespace and p.proconfig::text like '%search_path%'
      loop
        execute format('alter function %s set search_path = ong, manual_clock, pg_catalog, pg_temp',
          v_function);
      end loop;
      for v_default in
        select c.oid::regclass t, a.attname, pg_get_expr(d.adbin, d.adrelid) expression
        from pg_attrdef d join pg_class c on c.oid = d.adrelid
          join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where c.relnamespace = 'ong'::regnamespace
          and pg_get_expr(d.adbin, d.adrelid) in ('now()', 'clock_timestamp()')
      loop
        execute format('alter table %s alter column %I set default manual_clock.%s',
          v_default.t, v_default.attname, v_default.expression);
      end loop;
    end $$;
    """

  /// Does nothing where the database's template has it.
  static func install(in database: TestDatabase) async throws {
    let connection = try await database.connect()
    let isThere = try await connection.query("select to_regnamespace('manual_clock') is not null")
    if try !isThere[0, 0].decode(Bool.self) { try await connection.execute(script: installation) }
    await connection.close()
  }

  /// What a connection of the test sets, so that its own SQL goes by this clock too.
  static let searchPath = "\"$user\", public, manual_clock, pg_catalog"
}

extension TestTemplate {
  /// The queue's schema, installed as `ong`, going by a clock that `TestQueue.advance` sets forward.
  public static let queueWithManualClock = TestTemplate("queue_clock") { connection in
    try await Migrator(connection).up()
    try await connection.execute(script: ManualClock.installation)
  }
}
