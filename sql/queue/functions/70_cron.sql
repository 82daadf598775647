-- Cron expressions: text into a plan that the search for ticks (71_ticks.sql) steps over.
--
--   minute hour day-of-month month day-of-week            five fields
--   second minute hour day-of-month month day-of-week     six fields
--   @yearly @annually @monthly @weekly @daily @midnight @hourly
--   @every 90s, @every 1h30m                              elapsed time; days d, hours h, minutes m, seconds s
--
-- A field is *, a number, a range 8-17, a step */15, 8-17/3 or 5/20 (from 5 to the end), or a list of
-- these; months and weekdays have their English three-letter names, 7 is Sunday too. Days of the
-- month know L, the last day; weekdays know 5L or friL, the last Friday of the month, and 2#3 or
-- tue#3, its third Tuesday. Where both days are restricted (neither begins with *), a day that fits
-- either of them counts, as in every cron.

create or replace function refuse_cron(p_cron text, p_what text, p_wanted text, p_got text)
returns void
language plpgsql immutable
as $$
begin
  raise exception 'cron expression "%": expected % to be %, got: "%"',
    left(p_cron, 200), p_what, p_wanted, left(p_got, 80)
    using errcode = 'OG006',
      hint = 'Five fields (minute hour day-of-month month day-of-week), six with seconds before them, @hourly … @yearly, or @every 90s.';
end $$;

-- One value of a field: a number or a name of it.
create or replace function cron_value(
  p_cron text, p_what text, p_text text, p_min int, p_max int, p_names text[])
returns int
language plpgsql immutable
as $$
declare
  v_value int := array_position(p_names, p_text);
begin
  if v_value is not null then return v_value - 1 + p_min; end if;
  if p_text ~ '^[0-9]{1,4}$' and p_text::int between p_min and p_max then return p_text::int; end if;
  perform refuse_cron(p_cron, p_what, format('%s to %s', p_min, p_max)
    || coalesce(' or ' || p_names[1] || ' to ' || p_names[cardinality(p_names)], ''), p_text);
end $$;

-- The values of a field: element n + 1 - p_min says whether n is one of them.
create or replace function cron_field(
  p_cron text, p_what text, p_field text, p_min int, p_max int, p_names text[] default null)
returns bool[]
language plpgsql immutable
as $$
declare
  v_set bool[] := array_fill(false, array[p_max - p_min + 1]);
  v_is_weekday bool := p_what = 'the weekday';
  v_item text;
  v_part text[];
  v_from int;
  v_to int;
begin
  foreach v_item in array string_to_array(p_field, ',') loop
    v_part := regexp_match(v_item, '^(?:(\*)|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]{1,4}))?$');
    if v_part is null or v_part[4]::int = 0 then
      perform refuse_cron(p_cron, p_what,
        'a list of *, numbers, ranges such as 1-5 and steps such as */15', v_item);
    end if;
    v_from := case when v_part[1] is null
      then cron_value(p_cron, p_what, v_part[2], p_min, p_max, p_names) else p_min end;
    v_to := case
      when v_part[3] is not null then cron_value(p_cron, p_what, v_part[3], p_min, p_max, p_names)
      when v_part[1] is not null or v_part[4] is not null
        then case when v_is_weekday then 6 else p_max end
      else v_from end;
    if v_is_weekday and v_part[3] = 'sun' then v_to := 7; end if;
    if v_from > v_to then
      perform refuse_cron(p_cron, p_what, 'a range that goes upwards', v_item);
    end if;
    for v_value in v_from..v_to by coalesce(v_part[4]::int, 1) loop
      v_set[v_value - p_min + 1] := true;
    end loop;
  end loop;
  return v_set;
end $$;

-- Of each value the smallest one from it on that is in the set: element n + 1 - p_min is for n, null
-- where none follows.
create or replace function cron_next_values(p_set bool[], p_min int) returns int[]
language plpgsql immutable
as $$
declare
  v_next int[] := array_fill(null::int, array[cardinality(p_set)]);
  v_last int;
begin
  for v_place in reverse cardinality(p_set)..1 loop
    if p_set[v_place] then v_last := v_place - 1 + p_min; end if;
    v_next[v_place] := v_last;
  end loop;
  return v_next;
end $$;

-- Seconds of an interval such as 1h30m.
create or replace function cron_interval(p_cron text, p_text text) returns bigint
language plpgsql immutable
as $$
declare
  v_part text[] := regexp_match(p_text,
    '^(?:([0-9]{1,4})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?$');
  v_seconds bigint;
begin
  v_seconds := coalesce(v_part[1]::bigint, 0) * 86400 + coalesce(v_part[2]::bigint, 0) * 3600
    + coalesce(v_part[3]::bigint, 0) * 60 + coalesce(v_part[4]::bigint, 0);
  if v_part is null or v_seconds not between 1 and 366 * 86400 then
    perform refuse_cron(p_cron, 'the interval', '1s to 366d, such as 90s or 1h30m', p_text);
  end if;
  return v_seconds;
end $$;

-- Reads an expression. Errors: OG006 naming the field and what was expected there.
create or replace function cron_plan(p_cron text) returns cron_plan
language plpgsql immutable
as $$
declare
  v_plan cron_plan;
  v_text text := lower(btrim(regexp_replace(p_cron, '\s+', ' ', 'g')));
  v_field text[];
  v_item text[];
  v_days text;
  v_weekdays text;
  v_names constant text[] := '{sun,mon,tue,wed,thu,fri,sat}';
begin
  if p_cron is null or octet_length(p_cron) > 200 then
    perform refuse_cron(p_cron, 'it', 'at most 200 bytes long', coalesce(left(p_cron, 20) || '…', 'NULL'));
  end if;
  if v_text like '@every %' then
    v_plan.every := cron_interval(p_cron, substr(v_text, 8));
    return v_plan;
  end if;
  v_text := case v_text
    when '@yearly' then '0 0 1 1 *' when '@annually' then '0 0 1 1 *' when '@monthly' then '0 0 1 * *'
    when '@weekly' then '0 0 * * 0' when '@daily' then '0 0 * * *' when '@midnight' then '0 0 * * *'
    when '@hourly' then '0 * * * *' else v_text end;
  v_field := string_to_array(v_text, ' ');
  if cardinality(v_field) = 5 then v_field := array_prepend('0', v_field); end if;
  if cardinality(v_field) <> 6 then
    perform refuse_cron(p_cron, 'it', 'five fields, or six with seconds',
      cardinality(v_field) || ' in ' || v_text);
  end if;
  v_plan.seconds := cron_next_values(cron_field(p_cron, 'the second', v_field[1], 0, 59), 0);
  v_plan.minutes := cron_next_values(cron_field(p_cron, 'the minute', v_field[2], 0, 59), 0);
  v_plan.hours := cron_next_values(cron_field(p_cron, 'the hour', v_field[3], 0, 23), 0);
  v_plan.months := cron_next_values(cron_field(p_cron, 'the month', v_field[5], 1, 12,
    '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}'), 1);
  -- The last day, last and nth weekdays are not values: they are taken out of the lists first.
  v_plan.last_day := 'l' = any (string_to_array(v_field[4], ','));
  v_days := array_to_string(array_remove(string_to_array(v_field[4], ','), 'l'), ',');
  v_plan.days := case when v_days = '' then array_fill(false, array[31])
    else cron_field(p_cron, 'the day of the month', v_days, 1, 31) end;
  v_plan.nth := '{}';
  for v_item in
    select regexp_match(i, '^([0-7]|[a-z]{3})(?:(l)|#([1-5]))$')
    from unnest(string_to_array(v_field[6], ',')) i
  loop
    continue when v_item is null;
    v_plan.nth := v_plan.nth || (cron_value(p_cron, 'the weekday', v_item[1], 0, 7, v_names) % 7 * 10
      + coalesce(v_item[3], '0')::int);
  end loop;
  select string_agg(i, ',') into v_weekdays from unnest(string_to_array(v_field[6], ',')) i
    where i !~ '^([0-7]|[a-z]{3})(l|#[1-5])$';
  v_plan.weekdays := case when v_weekdays is null then array_fill(false, array[8])
    else cron_field(p_cron, 'the weekday', v_weekdays, 0, 7, v_names) end;
  v_plan.weekdays[1] := v_plan.weekdays[1] or v_plan.weekdays[8];
  v_plan.either := v_field[4] not like '*%' and v_field[6] not like '*%';
  return v_plan;
end $$;

-- True for a plan that runs in every hour of its days: it goes by the clock (see next_tick).
create or replace function cron_is_hourly(p_plan cron_plan) returns bool
language sql immutable
as $$ select p_plan.every is not null or p_plan.hours = array(select generate_series(0, 23)) $$;
