-- Why a job does not run: one reason, the first that stops it, as a word for programs, the facts
-- behind it, and a sentence for people.

-- The answer as one JSON object {id, state, reason, text, …facts}; null where the job is not known.
-- Reasons: running; succeeded, dead, discarded, cancelled, expired (it has ended); scheduled,
-- retrying, snoozed; quarantined, unknown_kind, no_worker, paused; behind_key, key_limit, key_rate,
-- running_limit, rate_limit; backlog; next.
create or replace function explain_job(p_id bigint) returns jsonb
language plpgsql stable security definer set search_path from current set jit = off
as $$
declare
  v_state text := job_state(p_id);
  v_why jsonb;
begin
  if v_state is null then return null; end if;
  v_why := case v_state
    when 'waiting' then explain_waiting(p_id)
    when 'running' then explain_running(p_id)
    when 'parked' then explain_parked(p_id)
    when 'scheduled' then explain_deferred(p_id)
    when 'retrying' then explain_deferred(p_id)
    when 'snoozed' then explain_deferred(p_id)
    else because(v_state, 'It has ended: ' || v_state || '.') end;
  return jsonb_build_object('id', p_id, 'state', v_state) || v_why;
end $$;

create or replace function because(p_reason text, p_text text, p_facts jsonb default '{}')
returns jsonb
language sql immutable
as $$ select jsonb_build_object('reason', p_reason, 'text', p_text) || p_facts $$;

create or replace function moment(p_at timestamptz) returns text
language sql stable
as $$ select to_char(p_at, 'YYYY-MM-DD HH24:MI:SS TZH:TZM') $$;

create or replace function explain_running(p_id bigint) returns jsonb
language sql stable
as $$
  select because('running',
    format('It runs on %s (pid %s) since %s.', w.host, w.pid, moment(r.claimed_at)),
    jsonb_build_object('worker', r.epoch, 'host', w.host, 'pid', w.pid, 'since', r.claimed_at))
  from running_jobs() r join worker w on w.epoch = r.epoch where r.id = p_id limit 1
$$;

create or replace function explain_deferred(p_id bigint) returns jsonb
language sql stable
as $$
  select because(d.state, case d.state
      when 'scheduled' then format('It is scheduled for %s.', moment(d.run_at))
      when 'retrying' then format('Attempt %s failed; the next one is at %s.', d.attempt - 1, moment(d.run_at))
      else format('It was put off until %s.', moment(d.run_at)) end,
    jsonb_build_object('run_at', d.run_at))
  from deferred d where d.id = p_id
$$;

-- What keeps all jobs of a kind in a queue from running; null: nothing.
create or replace function explain_kind(p_kind text, p_queue int) returns jsonb
language plpgsql stable
as $$
declare
  v_name text := (select name from queue where id = p_queue);
begin
  if exists (select from quarantine q where q.kind = p_kind) then
    return because('quarantined',
      format('The kind %s is quarantined; "ong kinds release %s" lets it run again.', p_kind, p_kind),
      jsonb_build_object('kind', p_kind));
  end if;
  if not exists (select from worker w where w.ended_at is null and v_name = any (w.queues)) then
    return because('no_worker', format('No living worker serves the queue %s.', v_name),
      jsonb_build_object('queue', v_name));
  end if;
  if not exists (select from worker w where w.ended_at is null and v_name = any (w.queues)
                   and p_kind = any (w.kinds)) then
    return because('unknown_kind',
      format('No living worker of the queue %s knows the kind %s.', v_name, p_kind),
      jsonb_build_object('queue', v_name, 'kind', p_kind));
  end if;
  return null;
end $$;

create or replace function explain_parked(p_id bigint) returns jsonb
language sql stable
as $$
  select coalesce(explain_kind(p.kind, p.lane / 4),
    because('next', 'A worker knows its kind again: it returns to its queue within seconds.'))
  from parked p where p.id = p_id
$$;

-- A waiting job, in the log or sorted by key.
create or replace function explain_waiting(p_id bigint) returns jsonb
language plpgsql stable
as $$
declare
  v_keyed keyed;
  v_queue queue;
  v_lane int;
  v_kind text;
  v_meta jsonb;
  v_expires timestamptz;
begin
  select * into v_keyed from keyed where id = p_id;
  if found then
    select v_keyed.lane, v_keyed.kind, v_keyed.meta into v_lane, v_kind, v_meta;
  else
    select j.lane, j.kind, j.meta into v_lane, v_kind, v_meta
      from log_rows(p_id) j order by j.xid desc limit 1;
  end if;
  select * into v_queue from queue q where q.id = v_lane / 4;
  v_expires := v_meta ->> 'expires_at';
  if v_expires <= clock_timestamp() then
    return because('expired',
      format('It expired at %s; it is dropped when its turn comes.', moment(v_expires)));
  end if;
  if v_queue.paused_at is not null then
    return because('paused',
      format('The queue %s is paused since %s; "ong queues resume %s" lets it go on.',
        v_queue.name, moment(v_queue.paused_at), v_queue.name),
      jsonb_build_object('queue', v_queue.name, 'since', v_queue.paused_at));
  end if;
  return coalesce(
    explain_kind(v_kind, v_queue.id),
    case when v_keyed.key <> '' then explain_key(v_queue, v_keyed) end,
    explain_limits(v_queue, v_meta),
    explain_backlog(v_queue, p_id));
end $$;

-- What the limits of its key say; null: they let it start.
create or replace function explain_key(p_queue queue, p_job keyed) returns jsonb
language plpgsql stable
as $$
declare
  v_before bigint;
  v_holders bigint[];
  v_now timestamptz := clock_timestamp();
  v_spent float8;
  v_at timestamptz;
begin
  if p_queue.key_order = 'fifo' then
    select s.id into v_before from key_slot s
      where s.queue = p_queue.id and s.key = p_job.key and s.id <> p_job.id limit 1;
    if v_before is null then
      select k.id into v_before from keyed k
        where k.lane = p_job.lane and k.key = p_job.key and (k.place, k.id) < (p_job.place, p_job.id)
        order by k.place, k.id limit 1;
    end if;
    if v_before is not null then
      return because('behind_key', format('It waits behind job %s of its key %s.', v_before, p_job.key),
        jsonb_build_object('key', p_job.key, 'behind', v_before));
    end if;
  end if;
  if p_queue.key_max_running is not null then
    v_holders := array(select h.id from held h
      where h.lane / 4 = p_queue.id and h.key = p_job.key order by h.id);
    if cardinality(v_holders) >= p_queue.key_max_running then
      return because('key_limit',
        format('%s of %s jobs of its key %s run: %s.', cardinality(v_holders), p_queue.key_max_running,
          p_job.key, array_to_string(v_holders[1:10], ', ')),
        jsonb_build_object('key', p_job.key, 'limit', p_queue.key_max_running,
          'holders', to_jsonb(v_holders[1:10])));
    end if;
  end if;
  if p_queue.key_rate is not null then
    select spent_after(b.spent, b.spent_at, v_now, p_queue.key_rate, p_queue.key_rate_seconds)
      into v_spent from key_bucket b where b.queue = p_queue.id and b.key = p_job.key;
    v_at := refilled_at(v_spent, v_now, p_job.meta, p_queue.key_rate, p_queue.key_rate_seconds,
      p_queue.key_rate_burst);
    if v_at > v_now then
      return because('key_rate', format('The bucket of its key %s refills at %s.', p_job.key, moment(v_at)),
        jsonb_build_object('key', p_job.key, 'refills_at', v_at));
    end if;
  end if;
  return null;
end $$;

-- When a bucket of which p_spent are missing now has tokens for a job.
create or replace function refilled_at(
  p_spent float8, p_now timestamptz, p_meta jsonb, p_rate int, p_seconds float8, p_burst int)
returns timestamptz
language sql stable
as $$
  select p_now + make_interval(
    secs => greatest(0, p_spent - (p_burst - job_cost(p_meta, p_burst))) * p_seconds / p_rate)
$$;

-- What the limits of the queue say; null: they let a job with this meta start.
create or replace function explain_limits(p_queue queue, p_meta jsonb) returns jsonb
language plpgsql stable
as $$
declare
  v_holders bigint[];
  v_now timestamptz := clock_timestamp();
  v_at timestamptz;
begin
  if p_queue.max_running is not null then
    v_holders := array(select r.id from running_jobs() r where r.lane / 4 = p_queue.id order by r.id);
    if cardinality(v_holders) >= p_queue.max_running then
      return because('running_limit',
        format('%s of %s jobs of the queue %s run: %s.', cardinality(v_holders), p_queue.max_running,
          p_queue.name, array_to_string(v_holders[1:10], ', ')),
        jsonb_build_object('queue', p_queue.name, 'limit', p_queue.max_running,
          'holders', to_jsonb(v_holders[1:10])));
    end if;
  end if;
  if p_queue.rate is not null then
    v_at := refilled_at(
      spent_now(p_queue, array(
        select lane_position(l) from generate_series(p_queue.id * 4, p_queue.id * 4 + 3) l), v_now),
      v_now, p_meta, p_queue.rate, p_queue.rate_seconds, p_queue.rate_burst);
    if v_at > v_now then
      return because('rate_limit',
        format('The bucket of the queue %s refills at %s.', p_queue.name, moment(v_at)),
        jsonb_build_object('queue', p_queue.name, 'refills_at', v_at));
    end if;
  end if;
  return null;
end $$;

create or replace function explain_backlog(p_queue queue, p_id bigint) returns jsonb
language plpgsql stable
as $$
declare
  v_ahead int := jobs_ahead(p_id);
  v_rate float8 := start_rate(p_queue.id);
begin
  if v_ahead = 0 then
    return because('next', 'Nothing is before it in its band: the next free slot takes it.');
  end if;
  return because('backlog',
    format('%s%s of its band are before it; the queue started %s jobs/s in the last minute.',
      v_ahead, case when v_ahead >= 10000 then ' or more' else '' end, round(v_rate::numeric, 1)),
    jsonb_build_object('ahead', v_ahead, 'jobs_per_second', round(v_rate::numeric, 1)));
end $$;

-- Jobs a second that a queue started in the last minute, seen from its 2,000 newest claims a lane.
create or replace function start_rate(p_queue int) returns float8
language sql stable
as $$
  select coalesce(sum(c.n), 0) / 60.0
  from generate_series(p_queue * 4, p_queue * 4 + 3) l,
    lateral (select x.n, x.at, x.epoch from claim x where x.lane = l order by x.seq desc limit 2000) c
  where c.at > clock_timestamp() - interval '60 seconds' and c.epoch <> no_worker()
$$;

-- What a step of a workflow waits for, in the same form; a step that has its job is explained by
-- it. Null where there is no such step.
create or replace function explain_step(p_workflow bigint, p_step text) returns jsonb
language plpgsql stable security definer set search_path from current
as $$
declare
  v_step step;
  v_for text[];
begin
  select * into v_step from step s where s.workflow = p_workflow and s.name = p_step;
  if not found then return null; end if;
  if v_step.job is not null and v_step.type = 'job' then
    return coalesce(explain_job(v_step.job), because(v_step.state, 'It has ended: ' || v_step.state || '.'));
  end if;
  v_for := array(select n.name from step_edge e join step n on n.id = e.needs
    where e.step = v_step.id and not e.resolved order by n.id);
  return jsonb_build_object('workflow', p_workflow, 'step', p_step, 'state', v_step.state) || case
    when v_step.state <> 'waiting' and v_step.ended_at is not null then
      because(v_step.state, 'It has ended: ' || v_step.state || '.')
    when cardinality(v_for) > 0 then
      because('waits_for', 'It waits for ' || array_to_string(v_for, ', ') || '.',
        jsonb_build_object('waits_for', to_jsonb(v_for)))
    when v_step.signal is not null then
      because('waits_for_signal', format('It waits for the signal %s%s.', v_step.signal,
          coalesce(' until ' || moment(v_step.deadline), '')),
        jsonb_strip_nulls(jsonb_build_object('signal', v_step.signal, 'deadline', v_step.deadline)))
    else because('running', 'Its jobs run.') end;
end $$;
