-- The course of a workflow. The caller holds its row.

-- What the end of a step means to one that waits for it: go, cancel, or skip (what it waits for can't
-- come any more, and nothing has failed by that).
create or replace function edge_fate(p_condition text, p_state text) returns text
language sql immutable
as $$
  select case
    when p_condition = 'settled' then 'go'
    when p_condition = 'succeeded' then
      case p_state when 'succeeded' then 'go' when 'skipped' then 'skip' else 'cancel' end
    when p_state in ('dead', 'discarded', 'expired') then 'go'
    else 'skip' end
$$;

-- Tells the steps that wait for these, which have ended. Returns how many have ended by that.
create or replace function resolve_steps(p_ended bigint[]) returns int
language plpgsql
as $$
declare
  v_ended bigint[] := p_ended;
  v_count int := 0;
begin
  while cardinality(v_ended) > 0 loop
    with told as (
      update step_edge e set resolved = true from step n
      where e.needs = any (v_ended) and n.id = e.needs and not e.resolved
      returning e.step, edge_fate(e.condition, n.state) fate),
    summed as (
      select t.step, count(*) n, bool_or(t.fate = 'cancel') cancel, bool_or(t.fate = 'skip') skip
      from told t group by t.step),
    changed as (
      update step s set remaining = s.remaining - m.n,
        state = case when m.cancel then 'cancelled' when m.skip then 'skipped' else s.state end,
        ended_at = case when m.cancel or m.skip then clock_timestamp() end
      from summed m where s.id = m.step and s.state = 'waiting'
      returning s.id, s.state)
    select coalesce(array_agg(c.id) filter (where c.state <> 'waiting'), '{}') into v_ended
      from changed c;
    v_count := v_count + cardinality(v_ended);
  end loop;
  return v_count;
end $$;

-- Batches whose first member has just failed: those who wait for that need not wait for the rest.
create or replace function fire_failed(p_steps bigint[]) returns void
language sql
as $$
  with told as (
    update step_edge e set resolved = true
    where e.needs = any (p_steps) and e.condition = 'failed' and not e.resolved
    returning e.step)
  update step s set remaining = s.remaining - t.n
  from (select step, count(*) n from told group by step) t
  where s.id = t.step and s.state = 'waiting'
$$;

-- After the end of some steps: releases what waits for nothing more, and ends the workflow with its
-- last step.
create or replace function advance_workflow(p_workflow bigint, p_ended bigint[]) returns void
language plpgsql
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_ended bigint[] := p_ended;
  v_gone int := 0;
begin
  loop
    v_gone := v_gone + cardinality(v_ended) + resolve_steps(v_ended);
    v_ended := release_steps(p_workflow);
    exit when cardinality(v_ended) = 0;
  end loop;
  perform leave_workflow(p_workflow, v_gone);
end $$;

create or replace function leave_workflow(p_workflow bigint, p_count int) returns void
language plpgsql
as $$
begin
  if p_count = 0 then return; end if;
  update workflow w set steps_left = w.steps_left - p_count where w.id = p_workflow;
  update workflow w set ended_at = clock_timestamp(), state = case
      when w.state = 'cancelling' then 'cancelled'
      when exists (select from step s where s.workflow = w.id and s.state in ('dead', 'discarded', 'expired'))
        then 'failed'
      when exists (select from step s where s.workflow = w.id and s.state = 'cancelled') then 'cancelled'
      else 'succeeded' end
    where w.id = p_workflow and w.steps_left = 0;
end $$;

-- Enqueues the jobs of steps that wait for nothing more and lets waits listen. Returns the steps that
-- have ended by that: waits whose signal was there, batches that are complete. Nothing here may fail,
-- because it would take a settle with it: the steps were checked when they were made.
create or replace function release_steps(p_workflow bigint) returns bigint[]
language plpgsql
as $$
declare
  v_ready step[];
  v_step step;
  v_ended bigint[] := '{}';
begin
  with ready as (
    update step s set state = 'released', released_at = clock_timestamp(),
      job = case when s.type = 'job' then coalesce(s.job, nextval('job_id')) end,
      deadline = clock_timestamp() + s.patience
    where s.workflow = p_workflow and s.state = 'waiting' and s.remaining = 0
    returning s.*)
  select coalesce(array_agg(r order by r.id), '{}') into v_ready from ready r;
  if cardinality(v_ready) = 0 then return '{}'; end if;
  perform place_steps(v_ready);
  foreach v_step in array v_ready loop
    if (v_step.type = 'wait' and take_signal(v_step)) or (v_step.type = 'batch' and end_batch(v_step.id)) then
      v_ended := v_ended || v_step.id;
    end if;
  end loop;
  return v_ended;
end $$;

-- Enqueues the jobs among these steps. A step that is retried keeps its job.
create or replace function place_steps(p_steps step[]) returns void
language plpgsql
as $$
declare
  v_segment int := head_segment();
begin
  insert into tracked (lane, id, purpose)
    select s.lane, s.job, 'workflow' from unnest(p_steps) s where s.type = 'job';
  insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, meta, state, run_at)
    select s.job, s.lane, 1, 0, now(), s.kind, s.payload, s.key, s.meta, 'scheduled',
      clock_timestamp() + s.delay
    from unnest(p_steps) s where s.type = 'job' and s.delay > '0';
  insert into job (id, segment, lane, kind, payload, key, meta)
    select s.job, v_segment, s.lane, s.kind, s.payload, s.key, s.meta
    from unnest(p_steps) s where s.type = 'job' and coalesce(s.delay <= '0', true)
    order by s.id;
  perform wake(q.id, q.name) from queue q
    where q.id = any (array(select s.lane / 4 from unnest(p_steps) s where s.type = 'job'));
end $$;
