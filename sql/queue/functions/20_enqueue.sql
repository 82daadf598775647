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

create or replace function check_job(
  p_queue queue, p_kind text, p_payload jsonb, p_priority smallint, p_run_at timestamptz)
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
  if pg_column_size(p_payload) > p_queue.max_payload_bytes then
    raise exception 'the payload of a job in queue "%" may have % bytes, got: % bytes',
      p_queue.name, p_queue.max_payload_bytes, pg_column_size(p_payload)
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
--   p_queue       an existing queue (setting unknown_queue = 'create' makes missing ones)
--   p_kind        what the worker's handler is registered under, 1 to 200 bytes
--   p_payload     JSON, at most the queue's max_payload_bytes (1 MiB by default)
--   p_priority    0 urgent, 1 high, 2 normal, 3 low
--   p_run_at      not before this time; null or past: at once
--   p_unique_key  at most one job waits under this key in the queue (released when it is claimed);
--                 512 bytes
--   p_on_conflict when one waits already: 'keep' returns its id, 'replace' also gives a job that
--                 still waits for its time this payload and this time (debounce), 'raise' fails
--   p_key         groups jobs (ordering, limits); 512 bytes
--   p_meta        a JSON object for options, trace context and tags
-- Errors: OG004 unknown queue, OG005 payload too large, OG006 bad argument, OG007 key in use.
create or replace function enqueue(
  p_queue text, p_kind text, p_payload jsonb default '{}', p_priority smallint default 2,
  p_run_at timestamptz default null, p_unique_key text default null,
  p_on_conflict text default 'keep', p_key text default null, p_meta jsonb default null)
returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
  v_lane int := v_queue.id * 4 + p_priority;
  v_id bigint;
begin
  perform check_job(v_queue, p_kind, p_payload, p_priority, p_run_at);
  if p_key is not null then perform check_text('key', p_key, 512); end if;
  if p_unique_key is not null then
    v_id := take_unique_key(v_queue, p_unique_key, p_on_conflict, p_payload, p_run_at);
    if v_id < 0 then return -v_id; end if;
  else
    v_id := nextval('job_id');
  end if;
  if p_run_at > clock_timestamp() then
    insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                          meta, state, run_at)
      values (v_id, v_lane, 1, 0, now(), p_kind, p_payload, p_key, p_unique_key, p_meta,
              'scheduled', p_run_at);
    return v_id;
  end if;
  insert into job (id, segment, lane, kind, payload, key, unique_key, meta)
    values (v_id, head_segment(), v_lane, p_kind, p_payload, p_key, p_unique_key, p_meta);
  if p_unique_key is not null then
    insert into flagged (lane, id, flag) values (v_lane, v_id, 'unique');
  end if;
  perform wake(v_queue.id, p_queue);
  return v_id;
end $$;

-- A new job's id that now holds the key, or the negative id of the job that holds it already. The
-- holder's row stays locked until the caller's transaction ends: no claim may start that job with a
-- view from before the caller's commit.
create or replace function take_unique_key(
  p_queue queue, p_key text, p_on_conflict text, p_payload jsonb, p_run_at timestamptz)
returns bigint
language plpgsql
as $$
declare
  v_new bigint := nextval('job_id');
  v_holder bigint;
begin
  perform check_text('unique_key', p_key, 512);
  if p_on_conflict is null or p_on_conflict not in ('keep', 'replace', 'raise') then
    raise exception 'on_conflict must be keep, replace or raise, got: %', left(p_on_conflict, 40)
      using errcode = 'OG006';
  end if;
  insert into unique_key as u (key, queue, id) values (p_key, p_queue.id, v_new)
    on conflict (queue, key) do update set id = u.id returning u.id into v_holder;
  if v_holder = v_new then return v_new; end if;
  if p_on_conflict = 'raise' then
    raise exception 'job % waits already under the unique key "%" of queue "%"',
      v_holder, p_key, p_queue.name
      using errcode = 'OG007', hint = 'Use on_conflict keep or replace, or wait until it has started.';
  end if;
  if p_on_conflict = 'replace' then
    update deferred set payload = p_payload, run_at = coalesce(p_run_at, clock_timestamp())
      where id = v_holder;
  end if;
  return -v_holder;
end $$;

-- Enqueues one job for each payload, all of one kind; returns their ids in the same order.
create or replace function enqueue_many(
  p_queue text, p_kind text, p_payloads jsonb[], p_priority smallint default 2,
  p_run_at timestamptz default null)
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
    perform check_job(v_queue, p_kind, v_payload, p_priority, p_run_at);
  end loop;
  if p_run_at > clock_timestamp() then
    return query
      insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, state, run_at)
      select nextval('job_id'), v_lane, 1, 0, now(), p_kind, p.payload, 'scheduled', p_run_at
      from unnest(p_payloads) with ordinality p (payload, place) order by p.place
      returning id;
    return;
  end if;
  return query
    insert into job (segment, lane, kind, payload)
    select head_segment(), v_lane, p_kind, p.payload
    from unnest(p_payloads) with ordinality p (payload, place) order by p.place
    returning id;
  perform wake(v_queue.id, p_queue);
end $$;

-- Where a bulk COPY of ordinary jobs goes: COPY "partition" (segment, lane, kind, payload).
-- Call it in the same transaction, call wake_queue after the COPY.
create or replace function copy_target(p_queue text, p_priority smallint default 2)
returns table (partition text, segment int, lane int)
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
  v_segment int := head_segment();
begin
  return query select format('%I.%I', current_schema(), 'job_' || v_segment), v_segment,
    v_queue.id * 4 + p_priority;
end $$;

create or replace function wake_queue(p_queue text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_queue);
begin
  perform wake(v_queue.id, p_queue);
end $$;
