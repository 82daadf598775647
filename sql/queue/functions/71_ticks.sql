-- When a schedule runs: the ticks of a cron plan in a time zone. The server's tz database decides.
--
-- Points in time are seconds since 1970 (bigint), local ones as if the local clock showed UTC. The
-- search steps over fields, and over stretches between two changes of the clock; it never walks
-- minute by minute.

-- How far the zone's clock is ahead of UTC, in seconds.
create or replace function zone_offset(p_zone text, p_at bigint) returns int
language sql immutable
as $$ select (date_part('epoch', to_timestamp(p_at) at time zone p_zone) - p_at)::int $$;

-- The first second in (p_from, p_until] at which the zone's clock is set otherwise than at p_from; null
-- where it is not. Looks every 12 hours: two changes within that time that cancel out are missed
-- (there are none in the tz database).
create or replace function zone_change(p_zone text, p_from bigint, p_until bigint) returns bigint
language plpgsql immutable
as $$
declare
  v_offset int := zone_offset(p_zone, p_from);
  v_low bigint := p_from;
  v_high bigint;
  v_middle bigint;
begin
  while v_low < p_until loop
    v_high := least(v_low + 43200, p_until);
    if zone_offset(p_zone, v_high) <> v_offset then
      while v_high - v_low > 1 loop
        v_middle := (v_low + v_high) / 2;
        if zone_offset(p_zone, v_middle) = v_offset then v_low := v_middle; else v_high := v_middle; end if;
      end loop;
      return v_high;
    end if;
    v_low := v_high;
  end loop;
  return null;
end $$;

-- The first second of a day, from p_from on, at which the plan runs; null where none is left.
create or replace function cron_time(p_plan cron_plan, p_from int) returns int
language plpgsql immutable
as $$
declare
  v_hour int := p_from / 3600;
  v_minute int := p_from / 60 % 60;
  v_second int := p_from % 60;
  v_next int;
begin
  if p_from >= 86400 then return null; end if;
  v_next := p_plan.hours[v_hour + 1];
  if v_next is null then return null; end if;
  if v_next > v_hour then v_hour := v_next; v_minute := 0; v_second := 0; end if;
  v_next := p_plan.minutes[v_minute + 1];
  if v_next is null then return cron_time(p_plan, (v_hour + 1) * 3600); end if;
  if v_next > v_minute then v_minute := v_next; v_second := 0; end if;
  v_next := p_plan.seconds[v_second + 1];
  if v_next is null then
    return cron_time(p_plan, v_hour * 3600 + (v_minute + 1) * 60);
  end if;
  return v_hour * 3600 + v_minute * 60 + v_next;
end $$;

-- The first local second from p_from on at which the plan runs, as if no clock were ever changed; null
-- where there is none within 12 years.
create or replace function cron_local(p_plan cron_plan, p_from bigint) returns bigint
language plpgsql immutable
as $$
declare
  v_date date := date '1970-01-01' + floor(p_from / 86400.0)::int;
  v_year int := date_part('year', v_date);
  v_month int := date_part('month', v_date);
  v_day int := date_part('day', v_date);
  v_last_year int := v_year + 12;
  v_days bool[] := p_plan.days;
  v_weekdays bool[] := p_plan.weekdays;
  v_first date;
  v_weekday int;
  v_length int;
  v_next int;
  v_by_day bool;
  v_by_weekday bool;
  v_time int := cron_time(p_plan, (p_from - (v_date - date '1970-01-01') * 86400::bigint)::int);
begin
  if v_time is null then v_day := v_day + 1; v_time := cron_time(p_plan, 0); end if;
  loop
    v_next := p_plan.months[v_month];
    if v_next is null then
      v_year := v_year + 1; v_month := 1; v_day := 1; v_time := cron_time(p_plan, 0);
      if v_year > v_last_year then return null; end if;
      continue;
    end if;
    if v_next > v_month then v_month := v_next; v_day := 1; v_time := cron_time(p_plan, 0); end if;
    v_first := make_date(v_year, v_month, 1);
    v_length := (v_first + interval '1 month')::date - v_first;
    v_weekday := (date_part('dow', v_first)::int + v_day - 1) % 7;
    while v_day <= v_length loop
      v_by_day := v_days[v_day] or (v_day = v_length and p_plan.last_day);
      v_by_weekday := v_weekdays[v_weekday + 1]
        or v_weekday * 10 + (v_day - 1) / 7 + 1 = any (p_plan.nth)
        or (v_day > v_length - 7 and v_weekday * 10 = any (p_plan.nth));
      if (v_by_day and v_by_weekday) or (p_plan.either and (v_by_day or v_by_weekday)) then
        return (v_first - date '1970-01-01' + v_day - 1) * 86400::bigint + v_time;
      end if;
      v_day := v_day + 1;
      v_weekday := (v_weekday + 1) % 7;
      v_time := cron_time(p_plan, 0);
    end loop;
    v_month := v_month + 1;
    v_day := 1;
    v_time := cron_time(p_plan, 0);
    if v_month > 12 then
      v_year := v_year + 1; v_month := 1;
      if v_year > v_last_year then return null; end if;
    end if;
  end loop;
end $$;

-- The first tick after a point in time; null where none follows within 12 years.
--   p_skipped   what becomes of a local time that the clock jumps over: 'run_after' (at the first
--               moment after the jump; several such times give one tick) or 'skip'
--   p_repeated  which of the moments runs that show a local time which comes twice: 'first' or 'both'
-- 'skip' and 'both' together mean: by the clock, whenever it shows a time that fits.
create or replace function next_tick(
  p_plan cron_plan, p_zone text, p_skipped text, p_repeated text, p_after timestamptz)
returns timestamptz
language plpgsql immutable
as $$
declare
  v_at bigint := floor(date_part('epoch', p_after));
  v_offset int := zone_offset(p_zone, v_at);
  v_from bigint := v_at + v_offset + 1;
  v_local bigint;
  v_tick bigint;
  v_until bigint;
  v_change bigint;
  v_ahead int;
begin
  if p_plan.every is not null then
    return to_timestamp((v_at / p_plan.every + 1) * p_plan.every);
  end if;
  -- Just after the clock was set back, what it shows was there before.
  if p_repeated = 'first' and zone_offset(p_zone, v_at - 90000) > v_offset then
    v_change := zone_change(p_zone, v_at - 90000, v_at);
    v_from := greatest(v_from, v_change + zone_offset(p_zone, v_change - 1));
  end if;
  loop
    v_local := cron_local(p_plan, v_from);
    if v_local is null then return null; end if;
    v_tick := v_local - v_offset;
    v_until := least(v_tick, v_at + 345600);
    v_change := zone_change(p_zone, v_at, v_until);
    if v_change is null then
      if v_tick = v_until then return to_timestamp(v_tick); end if;
      -- Far away: go on two days before it. No clock is ever set by more than one.
      v_from := v_local;
      v_at := v_tick - 172800;
      v_offset := zone_offset(p_zone, v_at);
      continue;
    end if;
    v_ahead := zone_offset(p_zone, v_change) - v_offset;
    if v_ahead > 0 then
      -- Set forward: the local times from here on do not exist.
      if p_skipped = 'run_after' and v_local < v_change + v_offset + v_ahead then
        return to_timestamp(v_change);
      end if;
      v_from := greatest(v_from, v_change + v_offset + v_ahead);
    elsif p_repeated = 'both' then
      v_from := v_change + v_offset + v_ahead;
    end if;
    -- Set back, and only the first counts: the search goes on behind what comes again.
    v_at := v_change;
    v_offset := v_offset + v_ahead;
  end loop;
end $$;
