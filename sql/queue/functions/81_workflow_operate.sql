-- What an operator does to whole workflows: cancel, retry. And retry_dead, which brings single jobs of
-- them back.

-- Takes what a change of a whole workflow needs in the order of all others: the queues' locks of its
-- jobs, its blocks of members, its row.
create or replace function hold_whole_workflow(p_workflow bigint) returns workflow
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(lock_key('queue', q.id::text)) from (
    select s.lane / 4 id from step s where s.workflow = p_workflow and s.lane is not null
    union
    select b.lane / 4 from member_block b join step s on s.id = b.step where s.workflow = p_workflow
    order by id) q;
  perform from member_block b join step s on s.id = b.step where s.workflow = p_workflow
    order by b.id for update of b;
  return hold_workflow(p_workflow);
end $$;

-- Cancels all of a workflow that has not ended: steps that wait never run, jobs that wait are
-- cancelled, running ones are asked to end. Returns 'cancelled' where nothing ran, otherwise
-- 'requested'; the workflow is cancelling until its last job has ended.
-- Errors: OG009 no such workflow, or ended.
create or replace function cancel_workflow(p_workflow bigint) returns text
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_workflow workflow;
  v_step step;
  v_ended bigint[];
begin
  perform require_read_committed('cancel_workflow');
  v_workflow := hold_whole_workflow(p_workflow);
  if v_workflow.ended_at is not null then
    raise exception 'workflow % is %, it can''t be cancelled', p_workflow, v_workflow.state
      using errcode = 'OG009', hint = 'See workflow_story(' || p_workflow || ').';
  end if;
  update workflow set state = 'cancelling' where id = p_workflow;
  with gone as (
    update step s set state = 'cancelled', ended_at = clock_timestamp()
    where s.workflow = p_workflow
      and (s.state = 'waiting' or (s.state = 'released' and s.type = 'wait'))
    returning s.id)
  select coalesce(array_agg(id), '{}') into v_ended from gone;
  for v_step in
    select * from step s where s.workflow = p_workflow and s.type = 'batch'
      and (s.state = 'released' or s.id = any (v_ended)) order by s.id
  loop
    update step set sealed = true where id = v_step.id;
    perform cancel_members(v_step.id);
    if end_batch(v_step.id) then v_ended := v_ended || v_step.id; end if;
  end loop;
  perform cancel_step_job(s.job) from step s
    where s.workflow = p_workflow and s.state = 'released' and s.type = 'job';
  perform advance_workflow(p_workflow, v_ended);
  -- The ends of jobs that have just been cancelled are worked off at commit.
  if exists (select from ending where xid = pg_current_xact_id()) then
    set constraints at_commit immediate;
    set constraints at_commit deferred;
  end if;
  select * into v_workflow from workflow where id = p_workflow;
  return case v_workflow.state when 'cancelling' then 'requested' else 'cancelled' end;
end $$;

create or replace function cancel_step_job(p_job bigint) returns void
language plpgsql
as $$
begin
  perform cancel_job(p_job);
exception when sqlstate 'OG009' then
  null; -- it has ended meanwhile
end $$;

-- Cancels the members of a batch that have not ended. Set by set, because there may be a million.
-- Deferred ones first: what is promoted meanwhile is found in the log afterwards.
create or replace function cancel_members(p_step bigint) returns void
language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_lane int;
begin
  for v_lane in select distinct b.lane from member_block b where b.step = p_step order by b.lane loop
    with gone as (
      delete from deferred d using member_block b
      where b.step = p_step and b.lane = v_lane and d.lane = v_lane and d.id >> 10 = b.block
        and get_bit(b.bits, (d.id & 1023)::int) = 1
      returning d.id, d.attempt),
    gone_parked as (
      delete from parked p using member_block b
      where b.step = p_step and b.lane = v_lane and p.lane = v_lane and p.id >> 10 = b.block
        and get_bit(b.bits, (p.id & 1023)::int) = 1
      returning p.id, p.attempt),
    gone_keyed as (
      delete from keyed k using member_block b
      where b.step = p_step and b.lane = v_lane and k.lane = v_lane and k.id >> 10 = b.block
        and get_bit(b.bits, (k.id & 1023)::int) = 1
      returning k.id, k.attempt),
    noted as (
      insert into job_event (id, attempt, event, actor)
      select g.id, g.attempt, 'cancelled', session_user
      from (select * from gone union all select * from gone_parked union all select * from gone_keyed) g
      returning id)
    insert into ending (lane, ids, states, members)
      select v_lane, array_agg(n.id), array_agg('cancelled'::text), true from noted n having count(*) > 0;
    with flags as (
      insert into flagged (lane, id, flag)
      select v_lane, m.id, 'cancelled' from members_ahead(p_step, v_lane) m
      on conflict do nothing returning id)
    insert into ending (lane, ids, states, members)
      select v_lane, array_agg(f.id), array_agg('cancelled'::text), true from flags f having count(*) > 0;
    perform ask_to_end(array(
      select r.id from running_jobs() r join member_block b
        on b.step = p_step and b.lane = v_lane and r.id >> 10 = b.block
          and get_bit(b.bits, (r.id & 1023)::int) = 1
      where r.lane = v_lane));
  end loop;
end $$;

-- Members in the log that nobody has claimed. The caller holds the queue's lock.
create or replace function members_ahead(p_step bigint, p_lane int) returns table (id bigint)
language plpgsql stable
set jit = off set enable_bitmapscan = off
as $$
declare
  v_position claim := lane_position(p_lane);
begin
  return query
    select j.id from job j
      join member_block b on b.step = p_step and b.lane = p_lane and b.block = j.id >> 10
    where j.lane = p_lane and j.xid >= pg_snapshot_xmin(v_position.lo)
      and is_ahead(v_position, j.xid, j.id) and get_bit(b.bits, (j.id & 1023)::int) = 1;
end $$;

-- Running jobs: their workers read the requests with their next heartbeat; the first are told at once.
create or replace function ask_to_end(p_jobs bigint[]) returns void
language plpgsql
as $$
begin
  insert into cancel_request (id) select unnest(p_jobs) on conflict do nothing;
  insert into job_event (id, attempt, event, actor)
    select unnest(p_jobs), 0, 'cancel_requested', session_user;
  perform send_control('cancel', j::text) from unnest(p_jobs[1:100]) j;
end $$;

-- Runs again what did not succeed of a workflow: dead jobs with a new first attempt, what was cancelled
-- or has expired, and whatever had waited for the end or the failure of those. What has succeeded is
-- not repeated, and its results are read again. Of a batch the dead members run again; those that
-- were discarded, cancelled or expired are gone. Returns the number of steps that are to run.
-- Errors: OG009 no such workflow, or nothing to retry.
create or replace function retry_workflow(p_workflow bigint) returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_workflow workflow;
  v_failed bigint[];
  v_count int;
begin
  perform require_read_committed('retry_workflow');
  v_workflow := hold_whole_workflow(p_workflow);
  v_failed := array(select s.id from step s
    where s.workflow = p_workflow and s.state in ('dead', 'discarded', 'expired', 'cancelled'));
  if v_workflow.state = 'cancelling' or cardinality(v_failed) = 0 then
    raise exception 'workflow % is %, it can''t be retried', p_workflow, v_workflow.state
      using errcode = 'OG009', hint = case v_workflow.state
        when 'cancelling' then 'Wait until its running jobs have ended.'
        else 'None of its steps is dead, discarded, expired or cancelled.' end;
  end if;
  v_count := rearm_steps(p_workflow, v_failed);
  perform advance_workflow(p_workflow, '{}');
  return v_count;
end $$;

-- Has steps that have ended wait again, and what came of their end with them. Returns how many.
create or replace function rearm_steps(p_workflow bigint, p_steps bigint[]) returns int
language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_again bigint[] := array(
    with recursive again (id) as (
      select unnest(p_steps)
      union
      select s.id from again a join step_edge e on e.needs = a.id join step s on s.id = e.step
      where s.ended_at is not null)
    select id from again);
  v_dead bigint[];
begin
  with gone as (
    delete from dead d using step s where s.id = any (v_again) and d.id = s.job returning d.id, d.attempt),
  noted as (
    insert into job_event (id, attempt, event, actor)
    select g.id, g.attempt, 'redriven', session_user from gone g returning id)
  select coalesce(array_agg(n.id), '{}') into v_dead from noted n;
  perform redrive_members(s.id) from step s where s.id = any (v_again) and s.type = 'batch';
  update step_edge set resolved = false where step = any (v_again);
  update step s set state = 'waiting', ended_at = null, released_at = null, result = null, deadline = null,
      failed_at = null, job = case when s.job = any (v_dead) then s.job end,
      remaining = (select count(*) from step_edge e where e.step = s.id)
    where s.id = any (v_again);
  update workflow set state = 'running', ended_at = null, steps_left = steps_left + cardinality(v_again)
    where id = p_workflow;
  perform leave_workflow(p_workflow, resolve_steps(array(
    select distinct n.id from step_edge e join step n on n.id = e.needs
    where e.step = any (v_again) and n.ended_at is not null)));
  return cardinality(v_again);
end $$;

-- Writes the dead members of a batch into the log again, and takes them out of its counts. The caller
-- holds its blocks.
create or replace function redrive_members(p_step bigint) returns void
language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
begin
  with gone as (
    delete from dead d using member_block b
    where b.step = p_step and d.lane = b.lane and d.id >> 10 = b.block
      and get_bit(b.bits, (d.id & 1023)::int) = 1
    returning d.*, b.id block_id),
  noted as (
    insert into job_event (id, attempt, event, actor)
    select g.id, g.attempt, 'redriven', session_user from gone g),
  placed as (
    insert into job (segment, lane, id, kind, payload, enqueued_at, key, meta)
    select head_segment(), g.lane, g.id, g.kind, g.payload, g.enqueued_at, g.key, g.meta
    from gone g order by g.id),
  counted as (select g.block_id, count(*) n from gone g group by 1)
  update member_block b set dead = b.dead - c.n, unsettled = b.unsettled + c.n
    from counted c where b.id = c.block_id;
  update step s set blocks_done = (
      select count(*) from member_block b where b.step = p_step and b.unsettled = 0)
    where s.id = p_step;
  insert into tracked (lane, id, purpose)
    select distinct b.lane, -p_step, 'batch' from member_block b
    where b.step = p_step and b.unsettled > 0 on conflict do nothing;
  perform wake(q.id, q.name) from queue q where q.id in (
    select b.lane / 4 from member_block b where b.step = p_step);
end $$;

-- Before a dead job alone is brought back (retry_job): its step, or the batch that counted it, has not
-- ended after all.
create or replace function reopen_job(p_job bigint) returns void
language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_dead dead;
  v_block member_block;
  v_step step;
begin
  select * into v_dead from dead where id = p_job;
  if not found then return; end if;
  select * into v_step from step s where s.job = p_job;
  if not found then
    select * into v_block from member_block b
      where b.lane = v_dead.lane and b.block = p_job >> 10 and get_bit(b.bits, (p_job & 1023)::int) = 1
      for update;
    if not found then return; end if;
    select * into v_step from step s where s.id = v_block.step;
    update member_block set dead = dead - 1, unsettled = unsettled + 1 where id = v_block.id;
    insert into tracked (lane, id, purpose) values (v_block.lane, -v_step.id, 'batch') on conflict do nothing;
    if v_block.unsettled > 0 then return; end if;
  end if;
  perform hold_workflow(v_step.workflow);
  if v_step.type = 'batch' then
    update step set blocks_done = blocks_done - 1 where id = v_step.id;
  else
    insert into tracked (lane, id, purpose) values (v_step.lane, p_job, 'workflow') on conflict do nothing;
  end if;
  update step set state = 'released', ended_at = null, result = null
    where id = v_step.id and ended_at is not null;
  if found then
    update workflow set state = 'running', ended_at = null, steps_left = steps_left + 1
      where id = v_step.workflow;
    perform rearm_steps(v_step.workflow, array(
      select s.id from step_edge e join step s on s.id = e.step
      where e.needs = v_step.id and s.ended_at is not null));
    perform advance_workflow(v_step.workflow, '{}');
  end if;
end $$;

-- Forgets workflows that ended longer ago than the setting keep_events, and events that nobody took.
create or replace function prune_workflows() returns int
language plpgsql
as $$
declare
  v_before timestamptz := clock_timestamp() - (select keep_events from setting);
  v_count int;
  v_step int;
begin
  delete from workflow where id = any (array(
    select w.id from workflow w where w.ended_at < v_before order by w.ended_at limit 1000));
  get diagnostics v_count = row_count;
  delete from signal where id = any (array(
    select x.id from signal x where x.workflow is null and x.at < v_before order by x.id limit 10000));
  get diagnostics v_step = row_count;
  return v_count + v_step;
end $$;
