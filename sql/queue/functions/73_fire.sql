-- Firing: a tick becomes a job. The schedule's row is locked, the job is enqueued and next_tick moves on
-- in one transaction, so that a tick fires once, however many call and whatever their clocks say: the
-- server's clock decides what is due.

create or replace function tick_after(p_schedule schedule, p_after timestamptz) returns timestamptz
language sql immutable
as $$
  select next_tick(cron_plan(p_schedule.cron), p_schedule.time_zone, p_schedule.skipped,
    p_schedule.repeated, p_after)
$$;

-- How much later than its tick a job becomes claimable: drawn from name and tick, so that it is the
-- same when a firing is repeated after a crash.
create or replace function tick_jitter(p_name text, p_tick timestamptz, p_jitter interval)
returns interval
language sql immutable
as $$
  select case when p_jitter > '0' then make_interval(secs => (
      (hashtextextended(p_name, date_part('epoch', p_tick)::bigint) & 4294967295)
      % (date_part('epoch', p_jitter) * 1000 + 1)::bigint) / 1000.0) else interval '0' end
$$;

-- The newest tick in [p_first, p_now], which is a tick itself. Looks back in growing steps.
create or replace function latest_tick(p_schedule schedule, p_first timestamptz, p_now timestamptz)
returns timestamptz
language plpgsql immutable
as $$
declare
  v_plan cron_plan := cron_plan(p_schedule.cron);
  v_step interval := '1 second';
  v_latest timestamptz := p_first;
  v_tick timestamptz;
begin
  while p_now - v_step > p_first loop
    v_tick := next_tick(v_plan, p_schedule.time_zone, p_schedule.skipped, p_schedule.repeated, p_now - v_step);
    if v_tick <= p_now then
      v_latest := v_tick;
      exit;
    end if;
    v_step := v_step * 2;
  end loop;
  loop
    v_tick := next_tick(v_plan, p_schedule.time_zone, p_schedule.skipped, p_schedule.repeated, v_latest);
    if v_tick is null or v_tick > p_now then return v_latest; end if;
    v_latest := v_tick;
  end loop;
end $$;

-- Enqueues the job of a tick (null: run now) and returns its id. Its metadata names schedule and tick.
create or replace function fire_tick(p_schedule schedule, p_tick timestamptz) returns bigint
language plpgsql
as $$
declare
  v_id bigint;
  v_queue queue;
begin
  select * into v_queue from queue where id = p_schedule.queue;
  v_id := enqueue(v_queue.name, p_schedule.kind, p_schedule.payload, p_priority => p_schedule.priority,
    p_run_at => p_tick + tick_jitter(p_schedule.name, p_tick, p_schedule.jitter),
    p_meta => jsonb_build_object('schedule', p_schedule.name)
      || case when p_tick is null then jsonb '{"run_now": true}' else jsonb_build_object('tick',
           to_char(p_tick at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) end);
  if p_schedule.overlap <> 'allow' then
    insert into schedule_run (id, schedule) values (v_id, p_schedule.id);
    insert into tracked (lane, id, purpose)
      values (v_queue.id * 4 + p_schedule.priority, v_id, 'schedule');
  end if;
  return v_id;
end $$;

-- A job of a schedule has ended: the leader is told where a tick waits for that. Nothing is locked
-- here; what this misses the leader sees within a second.
create or replace function schedule_run_ended(p_id bigint) returns void
language plpgsql
as $$
declare
  v_schedule int;
begin
  delete from schedule_run where id = p_id returning schedule into v_schedule;
  perform send_control('schedule', s.name) from schedule s
    where s.id = v_schedule and s.buffered_tick is not null;
end $$;

-- Whether a job of the schedule has not ended.
create or replace function has_live_run(p_schedule schedule) returns bool
language plpgsql
as $$
begin
  if p_schedule.overlap = 'allow' then return false; end if;
  -- What was lost without a word, such as by an operator's own delete, must not stop a schedule.
  delete from schedule_run r where r.schedule = p_schedule.id
    and coalesce(job_state(r.id), 'gone') in ('gone', 'succeeded', 'dead', 'discarded', 'cancelled', 'expired');
  return exists (select from schedule_run r where r.schedule = p_schedule.id);
end $$;

-- Decides about the due ticks of one schedule, whose row the caller holds: fires them as its policies
-- say, at most 100 at a time, and moves next_tick behind them.
create or replace function fire_schedule(p_schedule schedule, p_now timestamptz)
returns table (tick timestamptz, id bigint)
language plpgsql
as $$
#variable_conflict use_variable
declare
  v_plan cron_plan := cron_plan(p_schedule.cron);
  v_tick timestamptz := p_schedule.next_tick;
  v_buffered timestamptz := p_schedule.buffered_tick;
  v_fired int := 0;
  v_overlapped int := 0;
  v_is_live bool := has_live_run(p_schedule);
begin
  if v_buffered is not null and not v_is_live then
    tick := v_buffered;
    id := fire_tick(p_schedule, tick);
    v_fired := v_fired + 1;
    return next;
    v_buffered := null;
    v_is_live := p_schedule.overlap <> 'allow';
  end if;
  if v_tick <= p_now then
    v_tick := coalesce(first_tick_to_fire(p_schedule, p_now), 'infinity');
  end if;
  if v_tick > p_schedule.next_tick then
    update schedule s set missed_from = p_schedule.next_tick, missed_before = v_tick
      where s.id = p_schedule.id;
  end if;
  for v_turn in 1..100 loop
    exit when v_tick > p_now;
    if not v_is_live then
      tick := v_tick;
      id := fire_tick(p_schedule, tick);
      v_fired := v_fired + 1;
      return next;
      v_is_live := p_schedule.overlap <> 'allow';
    elsif p_schedule.overlap = 'buffer_one' and v_buffered is null then
      v_buffered := v_tick;
    else
      v_overlapped := v_overlapped + 1;
    end if;
    -- A plan without a next tick (none within 12 years) is never due again.
    v_tick := coalesce(next_tick(v_plan, p_schedule.time_zone, p_schedule.skipped, p_schedule.repeated,
      v_tick), 'infinity');
  end loop;
  update schedule s
    set next_tick = v_tick, buffered_tick = v_buffered, overlapped = s.overlapped + v_overlapped,
      fired = s.fired + v_fired, last_tick = coalesce(greatest(tick, s.last_tick), s.last_tick),
      last_job = coalesce(id, s.last_job),
      last_fired_at = case when v_fired > 0 then clock_timestamp() else s.last_fired_at end,
      error = null, error_at = null,
      due_at = case when v_buffered is null then v_tick
        else least(v_tick, clock_timestamp() + interval '1 second') end
    where s.id = p_schedule.id;
end $$;

-- The first due tick that is still to be fired; the next one to come where all are given up. A tick is
-- in time for a minute: leaders change, and servers restart.
create or replace function first_tick_to_fire(p_schedule schedule, p_now timestamptz)
returns timestamptz
language plpgsql immutable
as $$
declare
  v_oldest timestamptz := p_now - greatest(interval '1 minute',
    case when p_schedule.catch_up = 'none' then interval '0' else p_schedule.catch_up_window end);
  v_tick timestamptz := p_schedule.next_tick;
begin
  if v_tick < v_oldest then
    v_tick := tick_after(p_schedule, v_oldest - interval '1 second');
  end if;
  if p_schedule.catch_up <> 'all' and v_tick <= p_now then
    v_tick := latest_tick(p_schedule, v_tick, p_now);
  end if;
  return v_tick;
end $$;

-- Fires what is due, up to p_limit schedules, and returns the jobs. Schedules that somebody else is
-- firing are passed over. One that fails (its queue is full, say) keeps its tick, shows the error and is
-- tried again after 10 seconds; it holds up no other.
create or replace function fire_due(p_limit int default 100)
returns table (schedule text, tick timestamptz, id bigint)
language plpgsql security definer set search_path from current
as $$
#variable_conflict use_column
declare
  v_schedule schedule;
  v_now timestamptz := clock_timestamp();
begin
  perform require_read_committed('fire_due');
  for v_schedule in
    select s.* from schedule s where s.paused_at is null and s.due_at <= v_now
    order by s.due_at limit p_limit for update skip locked
  loop
    begin
      return query select v_schedule.name, f.tick, f.id from fire_schedule(v_schedule, v_now) f;
    exception when others then
      update schedule s set error = left(sqlerrm, 8192), error_at = clock_timestamp(),
          due_at = clock_timestamp() + interval '10 seconds'
        where s.id = v_schedule.id;
    end;
  end loop;
end $$;

-- When the next schedule is due; null where none is.
create or replace function next_schedule_due() returns timestamptz
language plpgsql stable security definer set search_path from current
as $$ begin return (select min(due_at) from schedule where paused_at is null and due_at < 'infinity'); end $$;

-- The leader's step: fires what is due. Returns the number of jobs, and when the next schedule is due.
create or replace function fire_due_schedules(p_limit int default 100)
returns table (fired int, next_due timestamptz)
language plpgsql security definer set search_path from current
as $$
begin
  select count(*) into fired from fire_due(p_limit);
  next_due := next_schedule_due();
  return next;
end $$;
