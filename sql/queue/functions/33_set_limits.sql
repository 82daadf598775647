-- Limits as operators see them: one JSON object.

-- Changes the limits of a queue, from the next claim on, and returns them all.
--   p_limits  an object; what it does not name stays as it is, null switches off:
--     max_running      jobs that run at a time, over all workers
--     rate             {"count": 100, "per_seconds": 60, "burst": 20}: starts, or units of cost;
--                      burst: how many at once at the most, `count` unless given
--     key_order        'fair': keys take turns; 'fifo': and each key's jobs run one after another
--     key_max_running  jobs of one key that run at a time
--     key_rate         as rate, for each key
-- Limits of keys make the queue 'fair' where nothing is said about its order.
-- Errors: OG004 unknown queue, OG006 bad argument.
create or replace function set_limits(p_queue text, p_limits jsonb) returns jsonb
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
begin
  perform require_read_committed('set_limits');
  perform check_limits(p_limits);
  -- A claim sees the limits of before or those of after.
  perform pg_advisory_xact_lock(lock_key('queue', v_queue.id::text));
  select * into v_queue from queue where id = v_queue.id;
  v_queue := with_limits(v_queue, p_limits);
  perform change_order(v_queue);
  update queue set max_running = v_queue.max_running,
      rate = v_queue.rate, rate_seconds = v_queue.rate_seconds, rate_burst = v_queue.rate_burst,
      key_order = v_queue.key_order, key_max_running = v_queue.key_max_running,
      key_rate = v_queue.key_rate, key_rate_seconds = v_queue.key_rate_seconds,
      key_rate_burst = v_queue.key_rate_burst
    where id = v_queue.id;
  perform wake(v_queue.id, p_queue);
  return queue_limits(p_queue);
end $$;

create or replace function rate_json(p_count int, p_seconds float8, p_burst int) returns jsonb
language sql immutable
as $$
  select case when p_count is not null then
    jsonb_build_object('count', p_count, 'per_seconds', p_seconds, 'burst', p_burst) end
$$;

-- The limits of a queue as set_limits takes them, without those that are off.
create or replace function queue_limits(p_queue text) returns jsonb
language sql stable security definer set search_path from current
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'max_running', q.max_running, 'rate', rate_json(q.rate, q.rate_seconds, q.rate_burst),
    'key_order', q.key_order, 'key_max_running', q.key_max_running,
    'key_rate', rate_json(q.key_rate, q.key_rate_seconds, q.key_rate_burst)))
  from queue_named(p_queue) q
$$;

-- The queue's row with the limits changed.
create or replace function with_limits(p_queue queue, p_limits jsonb) returns queue
language plpgsql
as $$
declare
  v_rate jsonb := nullif(p_limits -> 'rate', 'null');
  v_key_rate jsonb := nullif(p_limits -> 'key_rate', 'null');
begin
  if p_limits ? 'max_running' then p_queue.max_running := (p_limits ->> 'max_running')::int; end if;
  if p_limits ? 'rate' then
    p_queue.rate := (v_rate ->> 'count')::int;
    p_queue.rate_seconds := (v_rate ->> 'per_seconds')::float8;
    p_queue.rate_burst := coalesce(v_rate ->> 'burst', v_rate ->> 'count')::int;
  end if;
  if p_limits ? 'key_order' then p_queue.key_order := p_limits ->> 'key_order'; end if;
  if p_limits ? 'key_max_running' then
    p_queue.key_max_running := (p_limits ->> 'key_max_running')::int;
  end if;
  if p_limits ? 'key_rate' then
    p_queue.key_rate := (v_key_rate ->> 'count')::int;
    p_queue.key_rate_seconds := (v_key_rate ->> 'per_seconds')::float8;
    p_queue.key_rate_burst := coalesce(v_key_rate ->> 'burst', v_key_rate ->> 'count')::int;
  end if;
  if p_queue.key_max_running is not null or p_queue.key_rate is not null then
    p_queue.key_order := coalesce(p_queue.key_order, 'fair');
  end if;
  return p_queue;
end $$;

create or replace function check_limits(p_limits jsonb) returns void
language plpgsql
as $$
declare
  v_name text;
  v_value jsonb;
begin
  if p_limits is null or jsonb_typeof(p_limits) <> 'object' then
    raise exception 'limits must be a JSON object, got: %', coalesce(jsonb_typeof(p_limits), 'NULL')
      using errcode = 'OG006';
  end if;
  for v_name, v_value in select * from jsonb_each(p_limits) loop
    continue when v_value = 'null'
      and v_name in ('max_running', 'rate', 'key_order', 'key_max_running', 'key_rate');
    case v_name
      when 'max_running', 'key_max_running' then
        perform check_number(v_name, v_value, 1, 1000000, true);
      when 'rate', 'key_rate' then
        perform check_rate(v_name, v_value);
      when 'key_order' then
        if v_value not in ('"fair"', '"fifo"') then
          raise exception 'key_order must be fair, fifo or null, got: %', left(v_value::text, 40)
            using errcode = 'OG006';
        end if;
      else
        raise exception 'limits are max_running, rate, key_order, key_max_running and key_rate, got: %',
          left(v_name, 40) using errcode = 'OG006';
    end case;
  end loop;
end $$;

create or replace function check_rate(p_name text, p_rate jsonb) returns void
language plpgsql
as $$
declare
  v_name text;
  v_value jsonb;
begin
  if jsonb_typeof(p_rate) <> 'object' or not p_rate ?& array['count', 'per_seconds'] then
    raise exception '% must be {"count": …, "per_seconds": …, "burst": …}, got: %', p_name,
      left(p_rate::text, 80) using errcode = 'OG006';
  end if;
  for v_name, v_value in select * from jsonb_each(p_rate) loop
    case v_name
      when 'count', 'burst' then
        perform check_number(p_name || '.' || v_name, v_value, 1, 1000000, true);
      when 'per_seconds' then
        perform check_number(p_name || '.' || v_name, v_value, 0.001, 31622400, false);
      else
        raise exception '% has count, per_seconds and burst, got: %', p_name, left(v_name, 40)
          using errcode = 'OG006';
    end case;
  end loop;
end $$;

create or replace function check_number(
  p_name text, p_value jsonb, p_least numeric, p_most numeric, p_whole bool)
returns void
language plpgsql
as $$
declare
  v_number numeric;
begin
  if jsonb_typeof(p_value) = 'number' then
    v_number := p_value::numeric;
    if v_number between p_least and p_most and (not p_whole or v_number = trunc(v_number)) then
      return;
    end if;
  end if;
  raise exception '% must be a % from % to %, got: %', p_name,
    case when p_whole then 'whole number' else 'number' end, p_least, p_most, left(p_value::text, 40)
    using errcode = 'OG006', hint = 'To stop a queue, pause it; null switches a limit off.';
end $$;
