-- Roles: <schema>_producer may only enqueue, _worker only work, _operator only operate, _reader only
-- read, and sees no value that is marked as secret. They are groups without login: grant them to
-- logins. Whatever is not granted here is taken away: PUBLIC has nothing.
create or replace function grant_roles() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_role text;
  v_exist bool := make_roles(array['producer', 'worker', 'operator', 'reader']);
begin
  perform take_from_public();
  if not v_exist then return; end if;
  -- What an earlier version granted and this one does not goes.
  foreach v_role in array array['producer', 'worker', 'operator', 'reader'] loop
    execute format('revoke all on all functions in schema %I from %I', v_schema, v_schema || '_' || v_role);
    execute format('revoke all on all tables in schema %I from %I', v_schema, v_schema || '_' || v_role);
  end loop;
  perform grant_role('producer', array['enqueue', 'enqueue_many', 'job_end', 'await_end']);
  perform grant_role('operator', array['set_limits', 'queue_limits']);
  perform grant_role('reader', array['kind_status', 'queue_limits']);
  perform grant_role('producer', array['payload_key', 'has_room', 'bulk_target']);
  perform grant_role('operator', array['set_backpressure']);
  perform grant_role('worker', array['register_worker', 'confirm_worker', 'open_jobs', 'heartbeat',
    'claim', 'claim_rows', 'settle', 'report_progress', 'save_checkpoint', 'load_checkpoint', 'retire_worker', 'sleep_begin', 'sleep_end', 'try_lead',
    'rescue', 'rescue_lost', 'rescue_ended', 'maintenance_due', 'promote_due', 'rotate_if_due', 'summarize_log', 'unpark_known', 'prune',
    'queue_status', 'jobs_left', 'job_end', 'await_end']);
  perform grant_role('operator', array['create_queue', 'pause_queue', 'resume_queue', 'retry_job',
    'retry_dead', 'discard_job', 'cancel_job', 'drain_worker', 'find_jobs', 'job_story',
    'queue_status', 'worker_status', 'kind_status', 'quarantine_kind', 'release_kind',
    'rescue', 'job_end', 'await_end']);
  perform grant_role('operator', array['whole_story']);
  foreach v_role in array array['operator', 'reader'] loop
    perform grant_role(v_role, array['explain_job', 'explain_step', 'redacted']);
  end loop;
  -- Not job_end and step_inputs: they give results as they are.
  perform grant_role('reader', array['find_jobs', 'job_story', 'queue_status', 'worker_status']);
  perform grant_role('producer', array['create_workflow', 'create_chain', 'add_steps', 'create_batch',
    'add_members', 'seal_batch', 'enqueue_batch', 'send_signal', 'send_event']);
  perform grant_role('worker', array['settle_waits', 'step_inputs', 'add_steps', 'add_members',
    'seal_batch']);
  perform grant_role('operator', array['cancel_workflow', 'retry_workflow', 'send_signal', 'send_event',
    'find_workflows', 'workflow_story', 'step_inputs']);
  perform grant_role('reader', array['find_workflows', 'workflow_story']);
  perform grant_role('worker', array['put_schedule', 'fire_due_schedules', 'next_schedule_due']);
  perform grant_role('operator', array['put_schedule', 'pause_schedule', 'resume_schedule',
    'run_schedule_now', 'delete_schedule']);
  foreach v_role in array array['worker', 'operator'] loop
    perform grant_role(v_role, array['payloads_page']);
    execute format('grant select on log_guard to %I', v_schema || '_' || v_role);
  end loop;
  perform grant_role('operator', array['replace_payload', 'renew_waiting']);
  execute format('grant insert on job_intake to %I', v_schema || '_producer');
  foreach v_role in array array['operator', 'reader'] loop
    perform grant_role(v_role, array['schedule_status', 'schedule_preview', 'cron_preview',
      'next_clock_change']);
    execute format('grant select on schedule_overview to %I', v_schema || '_' || v_role);
    execute format('grant select on queue_overview, worker_overview, dead_job, deferred_job to %I',
      v_schema || '_' || v_role);
  end loop;
end $$;

select grant_roles();
