-- Schedules: declared, changed, paused, run now, deleted.

-- The tz database's spelling of a zone's name. Abbreviations and POSIX rules are refused: UTC+7 would
-- be 7 hours behind.
create or replace function check_time_zone(p_zone text) returns text
language plpgsql stable
as $$
declare
  v_name text;
begin
  -- Reading all names takes 100 ms; what looks like Area/City can't be taken for a rule.
  if p_zone ~ '^[A-Z][A-Za-z_]*(/[A-Z][A-Za-z_-]*)+$' or p_zone = 'UTC' then
    begin
      perform now() at time zone p_zone;
      return p_zone;
    exception when invalid_parameter_value then
      null;
    end;
  end if;
  select z.name into v_name from pg_timezone_names z where lower(z.name) = lower(p_zone);
  if found then return v_name; end if;
  raise exception 'time zone must be a name of the tz database, got: "%"', left(p_zone, 80)
    using errcode = 'OG006', hint = 'Such as Asia/Ho_Chi_Minh, Europe/Berlin or UTC.';
end $$;

-- Makes a schedule, or changes the one of this name; a pause stays, and so does the next tick unless the
-- expression, the zone or a rule for the clock's changes has changed.
--   p_name             1 to 128 bytes
--   p_cron             five fields, six with seconds, @daily …, @every 90s: see 70_cron.sql
--   p_time_zone        a name of the tz database; the expression is in its local time
--   p_skipped          local times that the clock jumps over: 'run_after' (once, at the first moment
--                      after the jump) or 'skip'; null: 'skip' for an expression that runs in every
--                      hour, 'run_after' for others
--   p_repeated         local times that come twice: 'first' or 'both'; null: 'both' for an expression
--                      that runs in every hour, 'first' for others
--   p_catch_up         ticks that nobody fired in time: 'none', 'latest' or 'all'
--   p_catch_up_window  how old such a tick may be
--   p_overlap          when the job of an earlier tick has not ended: 'skip' the tick, 'buffer_one' (fire
--                      when it ends; only one tick waits) or 'allow'
--   p_jitter           the job becomes claimable up to so much later, at most 1 day; the same tick of the
--                      same schedule always gets the same delay
--   p_declared         said by a program at its start: makes a missing queue, and changes nothing
--                      where the program said the same before, so that an operator's change stays
-- Errors: OG004 unknown queue, OG005 payload too large, OG006 bad argument.
create or replace function put_schedule(
  p_name text, p_cron text, p_queue text, p_kind text, p_payload jsonb default '{}',
  p_time_zone text default 'UTC', p_priority smallint default 2, p_skipped text default null,
  p_repeated text default null, p_catch_up text default 'latest',
  p_catch_up_window interval default '1 day', p_overlap text default 'skip',
  p_jitter interval default '0', p_declared bool default false)
returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_plan cron_plan := cron_plan(p_cron);
  v_new schedule;
  v_old schedule;
  -- An encrypted payload is another text each time.
  v_said jsonb := jsonb_build_array(p_cron, p_queue, p_kind,
    coalesce(p_payload #> '{ong_encrypted,key}', p_payload), p_time_zone, p_priority,
    p_skipped, p_repeated, p_catch_up, date_part('epoch', p_catch_up_window), p_overlap,
    date_part('epoch', p_jitter));
begin
  perform pg_advisory_xact_lock(lock_key('schedule', p_name));
  select * into v_old from schedule where name = p_name for update;
  if p_declared and v_old.declared = v_said then return; end if;
  if p_declared then perform create_queue(p_queue); end if;
  perform check_schedule(p_name, p_queue, p_kind, p_payload, p_priority, p_catch_up,
    p_catch_up_window, p_overlap, p_jitter);
  v_new.skipped := coalesce(p_skipped, case when cron_is_hourly(v_plan) then 'skip' else 'run_after' end);
  v_new.repeated := coalesce(p_repeated, case when cron_is_hourly(v_plan) then 'both' else 'first' end);
  perform check_word('skipped', v_new.skipped, '{skip,run_after}');
  perform check_word('repeated', v_new.repeated, '{first,both}');
  v_new.time_zone := check_time_zone(p_time_zone);
  v_new.next_tick := next_tick(v_plan, v_new.time_zone, v_new.skipped, v_new.repeated,
    greatest(clock_timestamp(), v_old.last_tick));
  if v_new.next_tick is null then
    raise exception 'cron expression "%" never runs', p_cron using errcode = 'OG006',
      hint = 'There is no such day within 12 years.';
  end if;
  if (v_old.cron, v_old.time_zone, v_old.skipped, v_old.repeated)
     is not distinct from (p_cron, v_new.time_zone, v_new.skipped, v_new.repeated) then
    v_new.next_tick := v_old.next_tick;
  end if;
  insert into schedule as s (name, cron, time_zone, skipped, repeated, queue, kind, payload, priority,
      catch_up, catch_up_window, overlap, jitter, declared, declared_at, next_tick, due_at)
    values (p_name, p_cron, v_new.time_zone, v_new.skipped, v_new.repeated,
      (select id from queue where name = p_queue), p_kind, p_payload, p_priority, p_catch_up,
      p_catch_up_window, p_overlap, p_jitter, case when p_declared then v_said end,
      case when p_declared then clock_timestamp() end, v_new.next_tick, v_new.next_tick)
    on conflict (name) do update set (cron, time_zone, skipped, repeated, queue, kind, payload,
      priority, catch_up, catch_up_window, overlap, jitter, declared, declared_at, next_tick, due_at,
      error, error_at, changed_at)
    = (excluded.cron, excluded.time_zone, excluded.skipped, excluded.repeated, excluded.queue,
      excluded.kind, excluded.payload, excluded.priority, excluded.catch_up, excluded.catch_up_window,
      excluded.overlap, excluded.jitter, coalesce(excluded.declared, s.declared),
      coalesce(excluded.declared_at, s.declared_at), excluded.next_tick, excluded.next_tick,
      null, null, clock_timestamp());
  perform send_control('schedule', p_name);
end $$;

create or replace function check_schedule(
  p_name text, p_queue text, p_kind text, p_payload jsonb, p_priority smallint, p_catch_up text,
  p_catch_up_window interval, p_overlap text, p_jitter interval)
returns void
language plpgsql
as $$
begin
  if p_name is null or octet_length(p_name) not between 1 and 128 then
    raise exception 'a schedule''s name must have 1 to 128 bytes, got: % bytes',
      coalesce(octet_length(p_name), 0) using errcode = 'OG006';
  end if;
  perform check_job(q.name, q.max_payload_bytes, p_kind, p_payload, p_priority, null)
    from queue_named(p_queue) q;
  perform check_word('catch_up', p_catch_up, '{none,latest,all}');
  perform check_word('overlap', p_overlap, '{skip,buffer_one,allow}');
  if p_catch_up_window is null or p_catch_up_window < '0' then
    raise exception 'catch_up_window must be 0 or longer, got: %', p_catch_up_window using errcode = 'OG006';
  end if;
  if p_jitter is null or p_jitter not between '0' and interval '1 day' then
    raise exception 'jitter must be 0 to 1 day, got: %', p_jitter using errcode = 'OG006';
  end if;
end $$;

-- The schedule, locked until the transaction ends.
create or replace function hold_schedule(p_name text) returns schedule
language plpgsql
as $$
declare
  v_schedule schedule;
begin
  select * into v_schedule from schedule where name = p_name for update;
  if found then return v_schedule; end if;
  raise exception 'schedule "%" does not exist', left(p_name, 128)
    using errcode = 'OG009', hint = 'See "ong schedules ls".';
end $$;

-- No tick fires until resume_schedule. Jobs that were fired go on.
create or replace function pause_schedule(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_schedule schedule := hold_schedule(p_name);
begin
  update schedule set paused_at = clock_timestamp(), buffered_tick = null
    where id = v_schedule.id and paused_at is null;
end $$;

-- Goes on with the next tick from now on; those of the pause are not made up for.
create or replace function resume_schedule(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_schedule schedule := hold_schedule(p_name);
begin
  if v_schedule.paused_at is null then return; end if;
  v_schedule.next_tick := greatest(v_schedule.next_tick, tick_after(v_schedule, clock_timestamp()));
  update schedule
    set paused_at = null, next_tick = v_schedule.next_tick, due_at = v_schedule.next_tick,
      error = null, error_at = null
    where id = v_schedule.id;
  perform send_control('schedule', p_name);
end $$;

-- Fires once at once and returns the job's id, whether the schedule is paused or an earlier job runs;
-- the ticks stay as they are.
create or replace function run_schedule_now(p_name text) returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_schedule schedule := hold_schedule(p_name);
  v_id bigint := fire_tick(v_schedule, null);
begin
  update schedule set last_job = v_id, last_fired_at = clock_timestamp(), fired = fired + 1
    where id = v_schedule.id;
  return v_id;
end $$;

-- Forgets a schedule. Jobs that were fired go on. One that a program declares comes back at that
-- program's next start: pause it instead.
create or replace function delete_schedule(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_schedule schedule := hold_schedule(p_name);
begin
  delete from schedule where id = v_schedule.id;
end $$;
