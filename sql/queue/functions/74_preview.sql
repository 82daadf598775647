-- What readers see of schedules: their state, their next ticks, the changes of a clock.

create or replace function clock_change(p_zone text, p_from timestamptz, p_within interval)
returns table (at timestamptz, local_before timestamp, local_after timestamp, offset_before interval,
  offset_after interval)
language plpgsql immutable
as $$
declare
  v_from bigint := floor(date_part('epoch', p_from));
  v_at bigint := zone_change(p_zone, v_from,
    v_from + least(date_part('epoch', p_within), 366 * 86400 * 20)::bigint);
begin
  if v_at is null then return; end if;
  at := to_timestamp(v_at);
  offset_before := make_interval(secs => zone_offset(p_zone, v_at - 1));
  offset_after := make_interval(secs => zone_offset(p_zone, v_at));
  local_after := at at time zone p_zone;
  local_before := local_after - offset_after + offset_before;
  return next;
end $$;

-- The first change of a zone's clock after p_from, within p_within: when, the local time before and
-- after, and the offsets from UTC. No row where the clock is not changed.
create or replace function next_clock_change(
  p_time_zone text, p_from timestamptz default clock_timestamp(),
  p_within interval default '400 days')
returns table (at timestamptz, local_before timestamp, local_after timestamp, offset_before interval,
  offset_after interval)
language sql stable security definer set search_path from current
as $$ select * from clock_change(check_time_zone(p_time_zone), p_from, p_within) $$;

-- The ticks of an expression after p_from: as points in time, by the local clock with its offset from
-- UTC, and with a note where the clock is changed.
--   p_skipped, p_repeated  as of put_schedule
--   p_count                at most 1,000
create or replace function cron_preview(
  p_cron text, p_time_zone text default 'UTC', p_from timestamptz default clock_timestamp(),
  p_count int default 10, p_skipped text default null, p_repeated text default null)
returns table (tick timestamptz, local_time timestamp, utc_offset interval, note text)
language plpgsql stable security definer set search_path from current
as $$
declare
  v_plan cron_plan := cron_plan(p_cron);
  v_zone text := check_time_zone(p_time_zone);
  v_skipped text := coalesce(p_skipped, case when cron_is_hourly(v_plan) then 'skip' else 'run_after' end);
  v_repeated text := coalesce(p_repeated, case when cron_is_hourly(v_plan) then 'both' else 'first' end);
  v_last timestamptz := p_from;
begin
  perform check_word('skipped', v_skipped, '{skip,run_after}');
  perform check_word('repeated', v_repeated, '{first,both}');
  for v_turn in 1..least(p_count, 1000) loop
    tick := next_tick(v_plan, v_zone, v_skipped, v_repeated, v_last);
    exit when tick is null;
    local_time := tick at time zone v_zone;
    utc_offset := make_interval(secs => zone_offset(v_zone, date_part('epoch', tick)::bigint));
    note := tick_note(v_plan, v_zone, v_last, tick);
    return next;
    v_last := tick;
  end loop;
end $$;

-- The note of a preview: how the clock was changed since the tick before.
create or replace function tick_note(
  p_plan cron_plan, p_zone text, p_before timestamptz, p_tick timestamptz)
returns text
language plpgsql stable
as $$
declare
  v_change record;
  v_text text;
  v_local timestamp := p_tick at time zone p_zone;
begin
  if p_tick - p_before < interval '400 days' then
    select * into v_change from clock_change(p_zone, p_before, p_tick - p_before);
  end if;
  if v_change.at is not null then
    v_text := format('the clock goes %s from %s to %s',
      case when v_change.local_after > v_change.local_before then 'forward' else 'back' end,
      to_char(v_change.local_before, 'YYYY-MM-DD HH24:MI'), to_char(v_change.local_after, 'YYYY-MM-DD HH24:MI'));
    if v_change.at = p_tick and p_plan.every is null
       and cron_local(p_plan, date_part('epoch', v_local)::bigint) <> date_part('epoch', v_local)::bigint then
      v_text := v_text || '; runs for a local time that is skipped';
    end if;
  end if;
  if ((p_tick - interval '1 day') at time zone p_zone) + interval '1 day' <> v_local
     or ((p_tick + interval '1 day') at time zone p_zone) - interval '1 day' <> v_local then
    v_text := nullif(concat_ws('; ', v_text, time_that_repeats(p_zone, p_tick)), '');
  end if;
  return v_text;
end $$;

-- 'first of two 01:30' where the local time of a tick comes twice; null where it does not. Called near
-- a change of the clock.
create or replace function time_that_repeats(p_zone text, p_tick timestamptz) returns text
language plpgsql stable
as $$
declare
  v_change record;
  v_back interval;
begin
  for v_change in select * from clock_change(p_zone, p_tick - interval '25 hours', '50 hours') loop
    v_back := v_change.offset_before - v_change.offset_after;
    if v_change.at > p_tick and v_change.at <= p_tick + v_back then
      return 'first of two ' || to_char(p_tick at time zone p_zone, 'HH24:MI');
    elsif v_change.at <= p_tick and p_tick < v_change.at + v_back then
      return 'second of two ' || to_char(p_tick at time zone p_zone, 'HH24:MI');
    end if;
  end loop;
  return null;
end $$;

-- The same for a schedule, from its next undecided tick on where p_from is null. A paused schedule is shown
-- as if it went on.
create or replace function schedule_preview(
  p_name text, p_from timestamptz default null, p_count int default 10)
returns table (tick timestamptz, local_time timestamp, utc_offset interval, note text)
language plpgsql stable security definer set search_path from current
as $$
declare
  v_schedule schedule;
begin
  select * into v_schedule from schedule where name = p_name;
  if not found then
    raise exception 'schedule "%" does not exist', left(p_name, 128)
      using errcode = 'OG009', hint = 'See "ong schedules ls".';
  end if;
  return query select * from cron_preview(v_schedule.cron, v_schedule.time_zone,
    coalesce(p_from, case when v_schedule.paused_at is null then v_schedule.next_tick - interval '1 second' end,
      clock_timestamp()),
    p_count, v_schedule.skipped, v_schedule.repeated);
end $$;

-- One row a schedule. `running` counts its jobs that have not ended, where they may not overlap.
create or replace function schedule_status()
returns table (name text, cron text, time_zone text, skipped text, repeated text, queue text, kind text,
  payload jsonb, priority smallint, catch_up text, catch_up_window interval, overlap text,
  jitter interval, declared_at timestamptz, paused_at timestamptz, next_tick timestamptz,
  buffered_tick timestamptz, last_tick timestamptz, last_job bigint, last_fired_at timestamptz,
  fired bigint, overlapped bigint, running bigint, missed_from timestamptz, missed_before timestamptz,
  error text, error_at timestamptz)
language sql stable security definer set search_path from current
as $$
  select s.name, s.cron, s.time_zone, s.skipped, s.repeated, q.name, s.kind, redacted(s.payload), s.priority,
    s.catch_up, s.catch_up_window, s.overlap, s.jitter, s.declared_at, s.paused_at,
    nullif(s.next_tick, 'infinity'), s.buffered_tick, s.last_tick, s.last_job, s.last_fired_at, s.fired,
    s.overlapped, (select count(*) from schedule_run r where r.schedule = s.id), s.missed_from,
    s.missed_before, s.error, s.error_at
  from schedule s join queue q on q.id = s.queue order by s.name
$$;

create or replace view schedule_overview as select * from schedule_status();
