-- Signals: what a wait step waits for. One is taken by one step, whichever of the two comes first. No
-- slot of a worker is used meanwhile.
--
-- A signal to a workflow is guarded by the workflow's row. An outside event has no workflow, so that its
-- name and key have a lock of their own; whoever holds a workflow may take it, never the other way
-- round.

-- Sends a signal to one workflow. Returns 'taken' where a step waited for it, 'kept' where it is kept
-- for the next that will.
-- Errors: OG006 bad argument, OG009 no such workflow, or not running.
create or replace function send_signal(p_workflow bigint, p_signal text, p_payload jsonb default 'null')
returns text
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_step bigint;
begin
  perform check_signal(p_signal, null);
  perform hold_running_workflow(p_workflow);
  select s.id into v_step from step s
    where s.workflow = p_workflow and s.type = 'wait' and s.state = 'released' and s.signal = p_signal
      and s.event_key is null
    order by s.id limit 1;
  if not found then
    insert into signal (workflow, name, payload) values (p_workflow, p_signal, p_payload);
    return 'kept';
  end if;
  perform end_wait(v_step, p_payload);
  perform advance_workflow(p_workflow, array[v_step]);
  return 'taken';
end $$;

-- Tells an outside event, such as ('payment', 'order 7'), to the one workflow that waits for it longest,
-- or keeps it for the next that will. Returns 'taken' or 'kept'.
create or replace function send_event(p_event text, p_key text, p_payload jsonb default 'null') returns text
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_workflow bigint;
  v_step bigint;
begin
  perform require_read_committed('send_event');
  perform check_signal(p_event, coalesce(p_key, ''));
  loop
    v_workflow := listening_workflow(p_event, p_key);
    exit when v_workflow is null;
    perform hold_workflow(v_workflow);
    -- Another event may have been faster.
    v_step := listening_step(v_workflow, p_event, p_key);
    continue when v_step is null;
    perform end_wait(v_step, p_payload);
    perform advance_workflow(v_workflow, array[v_step]);
    return 'taken';
  end loop;
  perform pg_advisory_xact_lock(event_lock(p_event, p_key));
  insert into signal (name, key, payload) values (p_event, coalesce(p_key, ''), p_payload);
  -- A step that began to listen before this lock was had did not see it.
  if match_event(p_event, p_key) then return 'taken'; end if;
  return 'kept';
end $$;

create or replace function check_signal(p_signal text, p_key text) returns void
language plpgsql immutable
as $$
begin
  if p_signal is null or octet_length(p_signal) not between 1 and 200 then
    raise exception 'a signal''s name must have 1 to 200 bytes, got: % bytes', coalesce(octet_length(p_signal), 0)
      using errcode = 'OG006';
  end if;
  perform check_text('an event''s key', p_key, 512);
end $$;

create or replace function event_lock(p_event text, p_key text) returns bigint
language sql stable
as $$ select lock_key('event', p_event || ':' || coalesce(p_key, '')) $$;

create or replace function listening_workflow(p_event text, p_key text) returns bigint
language plpgsql volatile
as $$
begin
  return (select s.workflow from step s
    where s.type = 'wait' and s.state = 'released' and s.signal = p_event
      and s.event_key = coalesce(p_key, '')
    order by s.id limit 1);
end $$;

create or replace function listening_step(p_workflow bigint, p_event text, p_key text) returns bigint
language plpgsql volatile
as $$
begin
  return (select s.id from step s
    where s.type = 'wait' and s.state = 'released' and s.signal = p_event
      and s.event_key = coalesce(p_key, '') and s.workflow = p_workflow
    order by s.id limit 1);
end $$;

create or replace function end_wait(p_step bigint, p_payload jsonb) returns void
language sql
as $$
  update step set state = 'succeeded', result = coalesce(p_payload, 'null'), ended_at = clock_timestamp()
  where id = p_step
$$;

-- Ends a step that has just been released where its signal is kept already; false where it is not.
create or replace function take_signal(p_step step) returns bool
language plpgsql
as $$
declare
  v_payload jsonb;
begin
  if p_step.event_key is null then
    delete from signal x where x.id = (
        select s.id from signal s where s.workflow = p_step.workflow and s.name = p_step.signal
        order by s.id limit 1)
      returning payload into v_payload;
  else
    perform pg_advisory_xact_lock(event_lock(p_step.signal, p_step.event_key));
    delete from signal x where x.id = (
        select s.id from signal s
        where s.workflow is null and s.name = p_step.signal and s.key = p_step.event_key
        order by s.id limit 1)
      returning payload into v_payload;
  end if;
  if not found then return false; end if;
  perform end_wait(p_step.id, v_payload);
  return true;
end $$;

-- Brings a kept event and a step that listens for it together, where that is possible without waiting
-- for the workflow's row; settle_waits tries again.
create or replace function match_event(p_event text, p_key text) returns bool
language plpgsql
as $$
declare
  v_workflow bigint;
  v_step step;
begin
  select w.id into v_workflow from workflow w
    where w.id = listening_workflow(p_event, p_key) for update skip locked;
  if not found then return false; end if;
  select * into v_step from step s where s.id = listening_step(v_workflow, p_event, p_key);
  if not found or not take_signal(v_step) then return false; end if;
  perform advance_workflow(v_workflow, array[v_step.id]);
  return true;
end $$;

-- The leader's step, once a second: ends waits whose deadline has passed, and brings events and waits
-- together that missed each other. Returns how many waits have ended.
create or replace function settle_waits(p_limit int default 1000) returns int
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz := clock_timestamp(); -- as a value: see promote_due
  v_workflow bigint;
  v_ended bigint[];
  v_count int := 0;
  v_event record;
begin
  perform require_read_committed('settle_waits');
  for v_workflow in
    select w.id from workflow w
    where w.id in (select s.workflow from step s
      where s.type = 'wait' and s.state = 'released' and s.deadline <= v_now
      order by s.deadline limit p_limit)
    order by w.id for update skip locked
  loop
    with late as (
      update step s set ended_at = clock_timestamp(),
        state = case s.on_deadline when 'continue' then 'succeeded' else 'expired' end, result = 'null'
      where s.workflow = v_workflow and s.type = 'wait' and s.state = 'released'
        and s.deadline <= v_now
      returning s.id)
    select coalesce(array_agg(l.id), '{}') into v_ended from late l;
    perform advance_workflow(v_workflow, v_ended);
    v_count := v_count + cardinality(v_ended);
  end loop;
  for v_event in
    select distinct x.name, x.key from signal x join step s on s.signal = x.name and s.event_key = x.key
    where x.workflow is null and s.type = 'wait' and s.state = 'released' limit p_limit
  loop
    if match_event(v_event.name, v_event.key) then v_count := v_count + 1; end if;
  end loop;
  return v_count;
end $$;
