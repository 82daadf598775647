-- Back-pressure: a queue may have a limit of waiting jobs and of their age, beyond which nothing more
-- is enqueued. A queue without one pays nothing: the limits stand in the row that every enqueue reads.

-- Limits a queue, or with nulls lifts the limits.
--   p_max_waiting  most jobs that wait in the log; jobs for a later time are not counted
--   p_max_age      how long the oldest of them may have waited, from 1 ms
create or replace function set_backpressure(
  p_queue text, p_max_waiting int default null, p_max_age interval default null)
returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
begin
  if p_max_waiting < 1 or p_max_age < '1 millisecond' then
    raise exception 'max_waiting must be 1 or more and max_age 1 ms or more, got: % and %',
      p_max_waiting, p_max_age using errcode = 'OG006', hint = 'NULL means no limit.';
  end if;
  update queue set max_waiting = p_max_waiting, max_age = p_max_age where id = v_queue.id;
end $$;

-- Fails where p_count more jobs would exceed the limits of the queue. Jobs for a later time are not
-- refused.
create or replace function refuse_when_full(p_queue queue, p_count int, p_run_at timestamptz)
returns void
language plpgsql
as $$
begin
  if p_count = 0 or p_run_at > clock_timestamp() or take_room(p_queue, p_count) then return; end if;
  raise exception 'queue "%" is full: % more would exceed its limit of %', p_queue.name, p_count,
      concat_ws(' and ', p_queue.max_waiting || ' waiting jobs', 'an age of ' || p_queue.max_age)
    using errcode = 'OG010',
      hint = 'Enqueue later or wait with a deadline, let more workers run, or raise the limit with set_backpressure.';
end $$;

-- Whether a queue takes p_count more jobs now, for those who would rather wait than fail. A true
-- answer holds for an enqueue that follows it in the same statement.
create or replace function has_room(p_queue text, p_count int default 1) returns bool
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
begin
  if v_queue.max_waiting is null and v_queue.max_age is null then return true; end if;
  if not take_room(v_queue, p_count) then return false; end if;
  perform keep_room(v_queue, (held_room(v_queue)).room + p_count, 0.2);
  return true;
end $$;

-- Counting is exact and costs up to as many index entries as the limit. So that not every enqueue pays
-- that, a session that has found room takes a 32nd of it in advance, for 200 ms, and counts again when
-- that is used up: the nearer the limit, the more often. With up to 32 producing sessions the limit is
-- not exceeded.
create or replace function take_room(p_queue queue, p_count int) returns bool
language plpgsql
as $$
declare
  v_held record := held_room(p_queue);
  v_room bigint;
begin
  if v_held.room >= p_count then
    perform keep_room(p_queue, v_held.room - p_count, v_held.seconds);
    return true;
  end if;
  v_room := room_of(p_queue) - p_count;
  if v_room < 0 then return false; end if;
  perform keep_room(p_queue, least(v_room / 32, 1000000)::int, 0.2);
  return true;
end $$;

-- How many more jobs fit into the queue.
create or replace function room_of(p_queue queue) returns bigint
language plpgsql
as $$
declare
  v_room bigint := coalesce(p_queue.max_waiting, 2147483647);
begin
  for v_band in 0..3 loop
    if p_queue.max_waiting is not null and v_room > 0 then
      v_room := v_room - lane_waiting(p_queue.id * 4 + v_band, v_room::int);
    end if;
    if lane_oldest(p_queue.id * 4 + v_band) < clock_timestamp() - p_queue.max_age then return 0; end if;
  end loop;
  return v_room;
end $$;

-- What a session took in advance stands in a setting of the session: no table, no write. A transaction
-- that rolls back gives it back.
create or replace function held_room(p_queue queue, out room int, out seconds float8)
language plpgsql stable
as $$
declare
  v_held text[] := string_to_array(nullif(current_setting(room_setting(p_queue), true), ''), ' ');
begin
  seconds := v_held[2]::float8 - extract(epoch from clock_timestamp());
  room := case when seconds > 0 then v_held[1]::int else 0 end;
end $$;

create or replace function keep_room(p_queue queue, p_room int, p_seconds float8) returns void
language plpgsql
as $$
begin
  perform set_config(room_setting(p_queue),
    p_room || ' ' || extract(epoch from clock_timestamp()) + p_seconds, false);
end $$;

create or replace function room_setting(p_queue queue) returns text
language sql stable
as $$ select format('ong.room_%s_%s', current_schema()::regnamespace::oid, p_queue.id) $$;
