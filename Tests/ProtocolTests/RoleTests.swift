import LibpqClient
import Testing

/// What each role may do, tried from a login that has nothing else.
@Suite("Roles")
struct RoleTests {
  static let calls: [(call: String, roles: Set<String>)] = [
    ("select enqueue('q', 'k')", ["producer"]),
    ("select enqueue_many('q', 'k', array['1']::jsonb[])", ["producer"]),
    (
      "select register_worker(gen_random_uuid(), 'h', 1, 'v', 1, array['q'], array['k'])",
      ["worker"]
    ),
    ("select rescue_lost()", ["worker"]),
    ("select pause_queue('q')", ["operator"]),
    ("select retry_dead()", ["operator"]),
    ("select * from queue_overview", ["operator", "reader"]),
    ("select * from dead_job", ["operator", "reader"]),
    ("select * from find_jobs()", ["operator", "reader"]),
    ("select job_story(1)", ["operator", "reader"]),
    ("select put_schedule('s', '@daily', 'q', 'k')", ["worker", "operator"]),
    ("select fire_due_schedules()", ["worker"]),
    ("select resume_schedule('daily')", ["operator"]),
    ("select * from schedule_overview", ["operator", "reader"]),
    ("select * from cron_preview('@daily')", ["operator", "reader"]),
    ("select fire_due()", []),
    ("select * from payloads_page()", ["worker", "operator"]),
    ("lock table log_guard in access share mode", ["worker", "operator"]),
    ("select replace_payload('dead', 1, '1', '2')", ["operator"]),
    (
      "select * from renew_waiting(array['6/0/1'], array['1']::jsonb[], array['2']::jsonb[])",
      ["operator"]
    ),
    ("insert into job_intake (queue, kind, unique_key) values ('q', 'k', 'u')", ["producer"]),
    ("select has_room('q')", ["producer"]),
    ("select payload_key('k', '{}')", ["producer"]),
    ("select set_backpressure('q', 1)", ["operator"]),
    ("select * from job_intake", []),
    ("select * from unique_key", []),
    ("select * from copy_target('q')", []),
    ("select * from bulk_target('q')", ["producer"]),
    ("select expire_job(6, 1, 1::smallint)", []),
    ("select create_workflow('w')", ["producer"]),
    ("select send_event('e', 'k')", ["producer", "operator"]),
    ("select settle_waits()", ["worker"]),
    ("select * from step_inputs(1)", ["worker", "operator"]),
    ("select whole_story(1)", ["operator"]),
    ("select * from explain_job(1)", ["operator", "reader"]),
    ("select * from job_end(1)", ["producer", "worker", "operator"]),
    ("select workflow_story(1)", ["operator", "reader"]),
    ("select advance_workflow(1, '{}')", []),
    ("select * from job", []),
    ("insert into job (segment, lane, kind, payload) values (0, 4, 'k', '{}')", []),
    ("select rotate()", []),
    ("select append_again(null::job)", []),
    ("select release_claims(gen_random_uuid(), true)", []),
    ("truncate closure_0", []),
  ]

  @Test(
    "Each role may do its own work and nothing else",
    arguments: ["producer", "worker", "operator", "reader"])
  func rights(_ role: String) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      try await session.put("daily", "@daily")
      try await Logins.with(role, of: configuration) { login in
        let session = try await Session(login)
        for (call, roles) in Self.calls {
          try await session.run("begin")
          let state = try await sqlState { try await session.run(call) }
          try await session.run("rollback")
          #expect(state == (roles.contains(role) ? nil : "42501"), "\(call)")
        }
        await session.connection.close()
      }
    }
  }
}
