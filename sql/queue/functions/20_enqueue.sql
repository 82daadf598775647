-- Enqueueing, in the caller's transaction.

create or replace function check_text(p_name text, p_value text, p_max int) returns void
language plpgsql immutable
as $$
begin
  if octet_length(p_value) > p_max then
    raise exception '% may have % bytes, got: % bytes', p_name, p_max, octet_length(p_value)
      using errcode = 'OG006', hint = 'Put a hash of the long value there.';
  end if;
end $$;

-- Whether check_job has nothing to say. One expression, which the planner puts in the place of each call.
create or replace function is_sound(
  p_max_bytes int, p_kind text, p_payload jsonb, p_priority smallint, p_run_at timestamptz)
returns bool
language sql stable
as $$
  select octet_length(p_kind) between 1 and 200 and pg_column_size(p_payload) <= p_max_bytes
    and p_priority between 0 and 3 and p_run_at is null
$$;

-- Says what is wrong with a job.
create or replace function check_job(
  p_queue text, p_max_bytes int, p_kind text, p_payload jsonb, p_priority smallint,
  p_run_at timestamptz)
returns void
language plpgsql stable
as $$
begin
  if p_kind is null or octet_length(p_kind) not between 1 and 200 then
    raise exception 'a job''s kind must have 1 to 200 bytes, got: % bytes', coalesce(octet_length(p_kind), 0)
      using errcode = 'OG006';
  end if;
  if p_payload is null then
    raise exception 'a job''s payload must be JSON, got: NULL'
      using errcode = 'OG006', hint = 'A job without data has the payload {}.';
  end if;
  if pg_column_size(p_payload) > p_max_bytes then
    raise exception 'the payload of a job in queue "%" may have % bytes, got: % bytes',
      p_queue, p_max_bytes, pg_column_size(p_payload)
      using errcode = 'OG005', hint = 'Store the data in a table of your own and enqueue its key.';
  end if;
  if p_priority is null or p_priority not between 0 and 3 then
    raise exception 'priority must be 0 (urgent), 1 (high), 2 (normal) or 3 (low), got: %', p_priority
      using errcode = 'OG006';
  end if;
  if p_run_at is not null
     and (not isfinite(p_run_at) or p_run_at > clock_timestamp() + interval '100 years') then
    raise exception 'run_at must lie within 100 years, got: %', p_run_at using errcode = 'OG006';
  end if;
end $$;

-- Enqueues one job and returns its id. Committed or rolled back with the caller's transaction.
--   p_queue         an existing queue (setting unknown_queue = 'create' makes missing ones)
--   p_kind          what the worker's handler is registered under, 1 to 200 bytes
--   p_payload       JSON, at most the queue's max_payload_bytes (1 MiB by default)
--   p_priority      0 urgent, 1 high, 2 normal, 3 low
--   p_run_at        not before this time; null or past: at once
--   p_unique_key    at most one job holds this key in the queue; 512 bytes
--   p_on_conflict   when one holds it already: 'keep' returns its id and drops this job, 'replace' also
--                   gives a job that has not started this kind, payload, meta and time (debounce; one
--                   that has started is kept as it is), 'raise' fails
--   p_key           groups jobs (ordering, limits); 512 bytes
--   p_meta          a JSON object of options
--   p_unique_scope  how long the job holds its unique key: 'waiting' until it is claimed, 'settled'
--                   until it has ended, retries included, 'window' for p_unique_for from now whatever
--                   becomes of it; cancelling it gives the key back in every scope
--   p_unique_for    1 ms to 10 years, with the scope 'window' only
--   p_expires_at    dropped where no attempt has started by then; null: never
--   p_tags          at most 32 texts of 128 bytes
--   p_traceparent   the caller's W3C trace context
-- Errors: OG004 unknown queue, OG005 payload too large, OG006 bad argument, OG007 key in use, OG010
-- queue full.
create or replace function enqueue(
  p_queue text, p_kind text, p_payload jsonb default '{}', p_priority smallint default 2,
  p_run_at timestamptz default null, p_unique_key text default null,
  p_on_conflict text default 'keep', p_key text default null, p_meta jsonb default null,
  p_unique_scope text default 'waiting', p_unique_for interval default null,
  p_expires_at timestamptz default null, p_tags text[] default null,
  p_traceparent text default null)
returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue; -- where a feature needs all of it
  v_queue_id int;
  v_max_bytes int;
  v_is_bounded bool;
  v_segment int;
  v_lane int;
  v_id bigint;
  v_holder bigint;
begin
  -- Whole rows would be a tenth of what a plain job costs.
  for v_try in 1..2 loop
    select q.id, q.max_payload_bytes, q.max_waiting is not null or q.max_age is not null
      into v_queue_id, v_max_bytes, v_is_bounded
      from queue q where q.name = p_queue;
    exit when found;
    perform queue_named(p_queue); -- makes it, or says that it is missing
  end loop;
  if is_sound(v_max_bytes, p_kind, p_payload, p_priority, p_run_at) is not true then
    perform check_job(p_queue, v_max_bytes, p_kind, p_payload, p_priority, p_run_at);
  end if;
  v_lane := v_queue_id * 4 + p_priority;
  v_id := nextval('job_id');
  if p_unique_key is not null or v_is_bounded then v_queue := queue_named(p_queue); end if;
  if p_key is not null then perform check_text('key', p_key, 512); end if;
  if p_meta is not null or p_expires_at is not null or p_tags is not null
     or p_traceparent is not null then
    p_meta := job_meta(p_meta, p_expires_at, p_tags, p_traceparent, p_run_at);
  end if;
  if p_unique_key is not null then
    perform check_text('unique_key', p_unique_key, 512);
    perform check_unique(p_on_conflict, p_unique_scope, p_unique_for);
    v_holder := take_unique_key(v_queue, p_unique_key, v_id, p_on_conflict, p_unique_scope,
      p_unique_for, replacement(p_kind, p_payload, p_meta, p_run_at));
    if v_holder <> v_id then return v_holder; end if;
    if p_unique_scope = 'settled' then
      insert into tracked (lane, id, purpose) values (v_lane, v_id, 'unique');
    end if;
  end if;
  if v_is_bounded then perform refuse_when_full(v_queue, 1, p_run_at); end if;
  if p_run_at > clock_timestamp() then
    insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                          meta, state, run_at)
      values (v_id, v_lane, 1, 0, now(), p_kind, p_payload, p_key, p_unique_key, p_meta,
              'scheduled', p_run_at);
    return v_id;
  end if;
  v_segment := pg_sequence_last_value('write_segment');
  insert into job (id, segment, lane, kind, payload, key, unique_key, meta)
    values (v_id, v_segment, v_lane, p_kind, p_payload, p_key, p_unique_key, p_meta);
  if p_unique_key is not null then
    insert into flagged (lane, id, flag) values (v_lane, v_id, 'unique');
  end if;
  if has_sleepers(v_queue_id) then perform wake(v_queue_id, p_queue); end if;
  return v_id;
end $$;

-- Enqueues one job for each payload, all of one kind, and returns their ids in the same order; with a
-- unique key that is held already, the id of the job that holds it. They appear together or not at all.
--   p_unique_keys, p_keys  one for each payload (null: none), or null
-- All else is as for enqueue and holds for every job. Keys are taken in their order, not in that of
-- the payloads, so that two calls with the same keys wait for each other and never deadlock. Under
-- p_on_conflict 'replace' the last of several payloads with the same key is kept.
create or replace function enqueue_many(
  p_queue text, p_kind text, p_payloads jsonb[], p_priority smallint default 2,
  p_run_at timestamptz default null, p_unique_keys text[] default null,
  p_on_conflict text default 'keep', p_keys text[] default null, p_meta jsonb default null,
  p_unique_scope text default 'waiting', p_unique_for interval default null,
  p_expires_at timestamptz default null, p_tags text[] default null,
  p_traceparent text default null)
returns setof bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
  v_lane int := v_queue.id * 4 + p_priority;
  v_payload jsonb;
begin
  if p_payloads is null then
    raise exception 'payloads must be an array of JSON, got: NULL' using errcode = 'OG006';
  end if;
  foreach v_payload in array p_payloads loop
    perform check_job(p_queue, v_queue.max_payload_bytes, p_kind, v_payload, p_priority, p_run_at);
  end loop;
  perform check_keys('keys', p_keys, cardinality(p_payloads));
  if p_meta is not null or p_expires_at is not null or p_tags is not null
     or p_traceparent is not null then
    p_meta := job_meta(p_meta, p_expires_at, p_tags, p_traceparent, p_run_at);
  end if;
  if p_unique_keys is not null then
    perform check_keys('unique_keys', p_unique_keys, cardinality(p_payloads));
    perform check_unique(p_on_conflict, p_unique_scope, p_unique_for);
    return query select * from enqueue_many_unique(v_queue, v_lane, p_kind, p_payloads, p_run_at,
      p_unique_keys, p_on_conflict, p_keys, p_meta, p_unique_scope, p_unique_for);
    return;
  end if;
  if v_queue.max_waiting is not null or v_queue.max_age is not null then
    perform refuse_when_full(v_queue, cardinality(p_payloads), p_run_at);
  end if;
  if p_run_at > clock_timestamp() then
    return query
      insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, meta, state,
                            run_at)
      select nextval('job_id'), v_lane, 1, 0, now(), p_kind, p.payload, p.key, p_meta, 'scheduled',
        p_run_at
      from unnest(p_payloads, p_keys) with ordinality p (payload, key, place) order by p.place
      returning id;
    return;
  end if;
  return query
    insert into job (segment, lane, kind, payload, key, meta)
    select head_segment(), v_lane, p_kind, p.payload, p.key, p_meta
    from unnest(p_payloads, p_keys) with ordinality p (payload, key, place) order by p.place
    returning id;
  perform wake(v_queue.id, p_queue);
end $$;

create or replace function check_keys(p_name text, p_keys text[], p_count int) returns void
language plpgsql immutable
as $$
begin
  if cardinality(p_keys) <> p_count then
    raise exception '% must be as many as payloads, %, got: %', p_name, p_count, cardinality(p_keys)
      using errcode = 'OG006', hint = 'A job without a key has NULL in its place.';
  end if;
  perform check_text(p_name, k, 512) from unnest(p_keys) k where octet_length(k) > 512;
end $$;

-- The part of enqueue_many for jobs with unique keys.
create or replace function enqueue_many_unique(
  p_queue queue, p_lane int, p_kind text, p_payloads jsonb[], p_run_at timestamptz,
  p_unique_keys text[], p_on_conflict text, p_keys text[], p_meta jsonb, p_unique_scope text,
  p_unique_for interval)
returns setof bigint
language plpgsql
as $$
declare
  v_ids bigint[] := array(select nextval('job_id') from generate_subscripts(p_payloads, 1));
  v_fresh bool[] := array_fill(true, array[cardinality(p_payloads)]);
  v_key text;
  v_place int;
  v_last text;
  v_winner int;
  v_holder bigint;
  v_count int;
begin
  perform hold_bulk(p_queue, false);
  for v_key, v_place in
    select u.key, u.place from unnest(p_unique_keys) with ordinality u (key, place)
    where u.key is not null order by u.key collate "C", u.place
  loop
    if v_key is distinct from v_last or v_winner is null then
      v_last := v_key;
      v_holder := take_unique_key(p_queue, v_key, v_ids[v_place], p_on_conflict, p_unique_scope,
        p_unique_for, replacement(p_kind, p_payloads[v_place], p_meta, p_run_at));
      v_winner := case when v_holder = v_ids[v_place] then v_place end;
      v_fresh[v_place] := v_winner is not null;
      v_ids[v_place] := v_holder;
      continue;
    end if;
    -- Again under a key that this call has taken, for a job that it has not written yet.
    if p_on_conflict = 'raise' then
      raise exception 'the unique key "%" is given twice', v_key using errcode = 'OG007';
    elsif p_on_conflict = 'replace' then
      p_payloads[v_winner] := p_payloads[v_place];
    end if;
    v_ids[v_place] := v_holder;
    v_fresh[v_place] := false;
  end loop;
  v_count := cardinality(array_positions(v_fresh, true));
  if p_queue.max_waiting is not null or p_queue.max_age is not null then
    perform refuse_when_full(p_queue, v_count, p_run_at);
  end if;
  with fresh as materialized (
    select f.* from unnest(v_ids, p_payloads, p_keys, p_unique_keys, v_fresh)
      with ordinality f (id, payload, key, unique_key, is_fresh, place) where f.is_fresh),
  deferring as (
    insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                          meta, state, run_at)
    select f.id, p_lane, 1, 0, now(), p_kind, f.payload, f.key, f.unique_key, p_meta, 'scheduled',
      p_run_at
    from fresh f where p_run_at > now()),
  logging as (
    insert into job (id, segment, lane, kind, payload, key, unique_key, meta)
    select f.id, head_segment(), p_lane, p_kind, f.payload, f.key, f.unique_key, p_meta
    from fresh f where (p_run_at > now()) is not true order by f.place),
  marking as (
    insert into flagged (lane, id, flag)
    select p_lane, f.id, 'unique' from fresh f
    where f.unique_key is not null and (p_run_at > now()) is not true)
  insert into tracked (lane, id, purpose)
    select p_lane, f.id, 'unique' from fresh f
    where f.unique_key is not null and p_unique_scope = 'settled';
  if v_count > 0 then perform wake(p_queue.id, p_queue.name); end if;
  return query select * from unnest(v_ids);
end $$;

-- Keys of a batch are taken in their order, those of a COPY as they come. The two exclude each other
-- for the length of their transactions, so that they can't deadlock.
create or replace function hold_bulk(p_queue queue, p_alone bool) returns void
language plpgsql
as $$
declare
  v_key bigint := lock_key('bulk', p_queue.id::text);
begin
  if p_alone then
    perform pg_advisory_xact_lock(v_key);
  else
    perform pg_advisory_xact_lock_shared(v_key);
  end if;
end $$;

-- Where a bulk COPY of ordinary jobs goes: COPY "partition" (segment, lane, kind, payload, key, meta).
-- Call it in the same transaction, call wake_queue after the COPY. For the owner, who may write the
-- log; others COPY into job_intake. `meta` holds the options.
create or replace function copy_target(
  p_queue text, p_priority smallint default 2, p_expires_at timestamptz default null,
  p_tags text[] default null, p_traceparent text default null)
returns table (partition text, segment int, lane int, meta jsonb)
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
  v_segment int := head_segment();
begin
  if v_queue.max_waiting is not null or v_queue.max_age is not null then
    perform refuse_when_full(v_queue, 1, null);
  end if;
  return query select format('%I.%I', current_schema(), 'job_' || v_segment), v_segment,
    v_queue.id * 4 + p_priority, job_meta(null, p_expires_at, p_tags, p_traceparent, null);
end $$;

-- The same for everybody: no row for those who may not write the log. Runs with the caller's own rights.
create or replace function bulk_target(
  p_queue text, p_priority smallint default 2, p_expires_at timestamptz default null,
  p_tags text[] default null, p_traceparent text default null)
returns table (partition text, segment int, lane int, meta jsonb)
language plpgsql set search_path from current
as $$
begin
  if has_function_privilege('copy_target(text,smallint,timestamptz,text[],text)', 'execute') then
    return query
      select * from copy_target(p_queue, p_priority, p_expires_at, p_tags, p_traceparent);
  end if;
end $$;

create or replace function wake_queue(p_queue text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
begin
  perform wake(v_queue.id, p_queue);
end $$;
