import LibpqClient
import Testing

/// What a login of each role may do, enumerated from the catalog: a new function, view or sequence
/// fails these tests until somebody has decided who may use it.
@Suite("Access")
struct AccessTests {
  static let functions: [String: String] = [
    "producer": """
    add_members add_steps await_end bulk_target create_batch create_chain create_workflow enqueue \
    enqueue_batch enqueue_many has_room job_end payload_key seal_batch send_event send_signal
    """,
    "worker": """
    add_members add_steps await_end claim claim_rows confirm_worker fire_due_schedules heartbeat job_end \
    jobs_left load_checkpoint maintenance_due next_schedule_due open_jobs payloads_page promote_due \
    prune put_schedule queue_status register_worker report_progress rescue rescue_ended rescue_lost \
    retire_worker rotate_if_due save_checkpoint seal_batch settle settle_waits sleep_begin \
    sleep_end step_inputs summarize_log try_lead unpark_known
    """,
    "operator": """
    await_end cancel_job cancel_workflow create_queue cron_preview delete_schedule discard_job \
    drain_worker explain_job explain_step find_jobs find_workflows job_end job_story kind_status \
    next_clock_change pause_queue pause_schedule payloads_page put_schedule quarantine_kind \
    queue_limits queue_status redacted release_kind renew_waiting replace_payload rescue resume_queue \
    resume_schedule retry_dead retry_job retry_workflow run_schedule_now schedule_preview \
    schedule_status send_event send_signal set_backpressure set_limits step_inputs whole_story \
    worker_status workflow_story
    """,
    "reader": """
    cron_preview explain_job explain_step find_jobs find_workflows job_story kind_status \
    next_clock_change queue_limits queue_status redacted schedule_preview schedule_status \
    worker_status workflow_story
    """,
  ]

  /// Relations as `name:privileges`, with the first letters of select, insert, update, delete.
  static let overviews = [
    "dead_job:s", "deferred_job:s", "queue_overview:s", "schedule_overview:s", "worker_overview:s",
  ]
  static let relations: [String: [String]] = [
    "producer": ["job_intake:i"], "worker": ["log_guard:s"],
    "operator": overviews + ["log_guard:s"], "reader": overviews,
  ]

  @Test(
    "Each role may call exactly its functions and see exactly its views", arguments: Logins.roles)
  func exactly(role: String) async throws {
    try await withQueueDatabase { configuration in
      try await Logins.with(role, of: configuration) { login in
        let session = try await Session(login)
        let functions = try await Self.callable(session)
        #expect(functions == Self.functions[role]?.split(separator: " ").map(String.init))
        let relations = try await Self.visible(session)
        #expect(relations == Self.relations[role]?.sorted())
        #expect(try await Self.mayCreate(session) == false)
        #expect(try await session.value(Self.sequences) == 0)
        await session.connection.close()
      }
    }
  }

  @Test("Who has none of the roles may do nothing at all")
  func nobody() async throws {
    try await withQueueDatabase { configuration in
      try await Logins.with(nil, of: configuration) { login in
        let session = try await Session(login)
        #expect(try await session.value(Self.executable) == 0)
        #expect(try await Self.visible(session) == [])
        #expect(try await session.value(Self.sequences) == 0)
        #expect(try await session.value(Self.types) == 0)
        let state = try await sqlState { try await session.run("select ong.enqueue('q', 'k')") }
        #expect(state == "42501")
        await session.connection.close()
      }
    }
  }

  @Test("What an earlier version granted is taken away by the next installation")
  func grantsGo() async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.run(
        "grant execute on function rotate() to ong_producer, public; grant select on job to ong_reader"
      )
      try await session.run("set search_path = ong, pg_temp; select grant_roles()")
      #expect(
        try await session.value(
          "select has_function_privilege('ong_producer', 'rotate()', 'execute')")
          == false)
      #expect(
        try await session.value("select has_table_privilege('ong_reader', 'job', 'select')")
          == false)
      await session.connection.close()
    }
  }

  private static func callable(_ session: Session) async throws -> [String] {
    try await session.connection.query(
      """
      select distinct p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname = 'ong' and has_schema_privilege(n.oid, 'usage')
        and has_function_privilege(p.oid, 'execute') order by 1
      """
    ).map { try $0[0].decode(String.self) }.sorted()
  }

  private static func visible(_ session: Session) async throws -> [String] {
    try await session.connection.query(
      """
      select c.relname || ':' || r.letters from pg_class c join pg_namespace n on n.oid = c.relnamespace,
        lateral (select string_agg(left(p, 1), '' order by p desc) letters
          from unnest(array['select', 'insert', 'update', 'delete']) p
          where has_table_privilege(c.oid, p) or has_any_column_privilege(c.oid, nullif(p, 'delete'))) r
      where n.nspname = 'ong' and c.relkind in ('r', 'p', 'v', 'm', 'f') and r.letters is not null
      """
    ).map { try $0[0].decode(String.self) }.sorted()
  }

  private static func mayCreate(_ session: Session) async throws -> Bool {
    try await session.value("select has_schema_privilege('ong', 'create')")
  }

  /// Also those that the schema keeps out of reach: PUBLIC has nothing.
  private static let executable = """
    select count(*) from pg_proc p where p.pronamespace::regnamespace::text = 'ong'
      and has_function_privilege(p.oid, 'execute')
    """

  private static let sequences = """
    select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'ong' and
      case when c.relkind = 'S' then has_sequence_privilege(c.oid, 'usage, select, update') end
    """

  /// Array types follow their element's rights.
  private static let types = """
    select count(*) from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = 'ong' and t.typelem = 0 and has_type_privilege(t.oid, 'usage')
    """
}
