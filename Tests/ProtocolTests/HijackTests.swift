import LibpqClient
import Testing

/// A producer that owns everything it may own in the database cannot get a word into what runs with
/// the rights of the queue's owner.
@Suite("Hijacks")
struct HijackTests {
  /// Everything the queue's functions could meet if a name of theirs were looked up by the caller's
  /// path: functions, operators and tables of the same names, in `public` and as temporary objects.
  static let traps = """
    create function public.trap() returns int language plpgsql as
      $$ begin raise exception 'hijacked as %', current_user using errcode = 'HJ001'; end $$;
    create function public.now() returns timestamptz language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.clock_timestamp() returns timestamptz language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.pg_notify(text, text) returns void language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.lock_key(text, text) returns bigint language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.queue_named(text) returns int language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.head_segment() returns smallint language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.wake_queue(int) returns void language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.same(text, text) returns bool language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.same(int, int) returns bool language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.same(bigint, bigint) returns bool language plpgsql as
      $$ begin perform public.trap(); end $$;
    create function public.get(jsonb, text) returns text language plpgsql as
      $$ begin perform public.trap(); end $$;
    create operator public.= (leftarg = text, rightarg = text, function = public.same);
    create operator public.= (leftarg = int, rightarg = int, function = public.same);
    create operator public.= (leftarg = bigint, rightarg = bigint, function = public.same);
    create operator public.->> (leftarg = jsonb, rightarg = text, function = public.get);
    create table public.queue (id int, name text, trapped bool default true);
    create view pg_temp.queue as select 1 id, 'q'::text name, public.trap();
    create view pg_temp.setting as select public.trap();
    create temp table job (like public.queue);
    create temp table deferred (like public.queue);
    create temp table unique_key (like public.queue);
    create temp table workflow (like public.queue);
    set search_path = pg_temp, public, ong, pg_catalog;
    """

  static let calls = [
    "select ong.enqueue('q', 'k', '{\"a\": 1}')",
    "select ong.enqueue('q', 'k', '{}', 2::smallint, pg_catalog.now() + interval '1 hour', 'u')",
    "select ong.enqueue_many('q', 'k', array['1']::jsonb[])",
    "insert into ong.job_intake (queue, kind, payload, unique_key) values ('q', 'k', '{}', 'v')",
    "select ong.has_room('q')", "select * from ong.bulk_target('q')",
    "select ong.payload_key('k', '{}')",
    "select * from ong.job_end(1)", "select ong.await_end(1)",
    "select ong.create_workflow('w')", "select ong.send_event('e', 'k')",
  ]

  @Test("Names of the caller's own never stand in for those of the queue")
  func traps() async throws {
    try await withQueueDatabase { configuration in
      let owner = try await Session(configuration)
      try await owner.run("grant create on schema public to public")
      try await Logins.with("producer", of: configuration) { login in
        let producer = try await Session(login)
        try await producer.run(Self.traps)
        // The traps are set: what the producer calls itself falls into them.
        #expect(try await sqlState { try await producer.run("select * from queue") } == "HJ001")
        for call in Self.calls {
          #expect(try await sqlState { try await producer.run(call) } == nil, "\(call)")
        }
        #expect(try await owner.value("select count(*) from job") == 3)
        #expect(try await owner.value("select count(*) from deferred") == 1)
        await producer.connection.close()
      }
      await owner.connection.close()
    }
  }

  @Test(
    "Each function with its owner's rights looks names up in the queue's schema, temporary ones last"
  )
  func fixedPaths() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let open = try await session.connection.query(
        """
        select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'ong'::regnamespace
          and p.prosecdef and not coalesce(p.proconfig, '{}') @> array['search_path=ong, pg_temp']
        """
      ).map { try $0[0].decode(String.self) }
      #expect(open == [])
      // What a role calls directly has its owner's rights; these compute from their arguments, or
      // look what the caller itself may do.
      let invokers = try await session.connection.query(
        """
        select distinct p.proname::text from pg_proc p, unnest($1::text[]) r
        where p.pronamespace = 'ong'::regnamespace and not p.prosecdef
          and has_function_privilege('ong_' || r, p.oid, 'execute') order by 1
        """, [Logins.roles]
      ).map { try $0[0].decode(String.self) }
      #expect(invokers == ["bulk_target", "payload_key", "redacted"])
      await session.connection.close()
    }
  }

  @Test("A value that reads like SQL is a value")
  func values() async throws {
    try await withQueueDatabase { configuration in
      try await Logins.with("producer", of: configuration) { login in
        let producer = try await Session(login)
        let word = "'); drop schema ong cascade; --"
        let id = try await producer.enqueue(kind: "k\(word)", uniqueKey: word)
        #expect(try await sqlState { try await producer.enqueue(word) } == "OG004")
        let owner = try await Session(configuration)
        let kind: String = try await owner.value("select kind from job where id = $1", [id])
        #expect(kind == "k\(word)")
        for session in [producer, owner] { await session.connection.close() }
      }
    }
  }
}
