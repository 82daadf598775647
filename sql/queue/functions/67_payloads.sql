-- Reading every payload that is still to be run, and replacing one: for the check before a deploy and
-- for the rotation of keys.

-- What a reader locks (access share) before the snapshot of a long read: TRUNCATE heeds no snapshot, so
-- rotation has to be kept out. Rotation gives way and tries again later.
create or replace view log_guard as
  select 1 one from job, claim, closure where false;

-- A page of all that is still to be run, each with its payload: jobs that wait, run, are deferred,
-- parked or dead; steps of workflows that are not enqueued yet (state "step", id the step's); schedules
-- (state "schedule", id the schedule's). Where a later enqueue under the same unique key has given a
-- job that has not started another payload, that one counts.
--   p_after   `place` of the last row of the page before; null: from the start
--   p_limit   rows, 10,000 at most; a page also ends after 4 MiB of payloads
--   p_sealed  only encrypted payloads
--   p_before  of the jobs that wait in the log only those of transactions below it
-- An empty page is the end. Exact in one REPEATABLE READ transaction that began with
-- "lock table log_guard in access share mode".
create or replace function payloads_page(
  p_after text default null, p_limit int default 1000, p_sealed bool default false,
  p_before xid8 default null)
returns table (place text, id bigint, queue text, kind text, state text, payload jsonb)
language plpgsql stable security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  -- A place is source/xid/id; a source is a lane of the log, or one of these.
  c_running constant int := 2147483644;
  c_rows constant int := 2147483645;
  c_steps constant int := 2147483646;
  c_schedules constant int := 2147483647;
  v_source int := coalesce(split_part(p_after, '/', 1)::int, 0);
  v_xid xid8 := coalesce(split_part(p_after, '/', 2)::xid8, '0');
  v_id bigint := coalesce(split_part(p_after, '/', 3)::bigint, -1);
  v_from int := v_source;
  v_position claim;
  v_rows refcursor;
  v_row stored_payload;
  v_count int := 0;
  v_bytes bigint := 0;
begin
  for v_source in
    select s.source from (
      select q.id * 4 + b source from queue q, generate_series(0, 3) b
      union all values (c_running), (c_rows), (c_steps), (c_schedules)) s
    where s.source >= v_from order by 1
  loop
    if v_source > v_from then
      v_xid := '0';
      v_id := -1;
    end if;
    if v_source < c_running then v_position := lane_position(v_source); end if;
    -- Cursors, so that a page reads no more rows than it returns.
    case v_source
      when c_running then open v_rows for
        select * from running_payloads(v_id) p where not p_sealed or is_sealed(p.payload);
      when c_rows then open v_rows for
        select * from row_payloads(v_id) p where not p_sealed or is_sealed(p.payload);
      when c_steps then open v_rows for
        select * from step_payloads(v_id) p where not p_sealed or is_sealed(p.payload);
      when c_schedules then open v_rows for
        select * from schedule_payloads(v_id) p where not p_sealed or is_sealed(p.payload);
      else open v_rows for
        select * from waiting_payloads(v_position, v_xid, v_id) w
        where (p_before is null or w.xid < p_before) and (not p_sealed or is_sealed(w.payload));
    end case;
    loop
      fetch v_rows into v_row;
      exit when not found;
      place := format('%s/%s/%s', v_source, v_row.xid, v_row.id);
      select v_row.id, v_row.queue, v_row.kind, v_row.state, v_row.payload
        into id, queue, kind, state, payload;
      return next;
      v_count := v_count + 1;
      v_bytes := v_bytes + octet_length(payload::text);
      if v_count >= p_limit or v_count >= 10000 or v_bytes >= 4194304 then
        close v_rows;
        return;
      end if;
    end loop;
    close v_rows;
  end loop;
end $$;

-- Whether a payload is encrypted: an object with one member, which the ciphers of JobQueue write.
create or replace function is_sealed(p_payload jsonb) returns bool
language sql immutable parallel safe
as $$ select jsonb_typeof(p_payload) = 'object' and p_payload ? 'ong_encrypted' $$;

-- The jobs of a lane that nobody has claimed, after a place, in their order.
create or replace function waiting_payloads(p_position claim, p_xid xid8, p_id bigint)
returns setof stored_payload
language sql stable
as $$
  select j.xid, j.id, q.name, coalesce(u.new ->> 'kind', j.kind), 'waiting',
    coalesce(u.new -> 'payload', j.payload::jsonb)
  from job j join queue q on q.id = (p_position).lane / 4
    cross join lateral (select case when j.unique_key is not null then
      (select k.replacement from unique_key k where k.id = j.id) end new) u
  where j.lane = (p_position).lane and (j.xid, j.id) > (p_xid, p_id)
    and j.xid >= pg_snapshot_xmin((p_position).lo) -- what is_ahead implies, as an index range
    and is_ahead(p_position, j.xid, j.id)
    and not exists (select from flagged f
                    where f.lane = (p_position).lane and f.id = j.id and f.flag = 'cancelled')
  order by j.xid, j.id
$$;

create or replace function running_payloads(p_id bigint) returns setof stored_payload
language sql stable
as $$
  select '0'::xid8, r.id, q.name, r.kind, 'running', r.payload
  from running_jobs() r join queue q on q.id = r.lane / 4 where r.id > p_id order by r.id
$$;

create or replace function row_payloads(p_id bigint) returns setof stored_payload
language sql stable
as $$
  select '0'::xid8, r.id, (select q.name from queue q where q.id = r.lane / 4),
    coalesce(u.new ->> 'kind', r.kind), r.state, coalesce(u.new -> 'payload', r.payload)
  from (
    select d.id, d.lane, d.kind, d.state, d.payload, d.unique_key from deferred d
    union all
    select p.id, p.lane, p.kind, 'parked', p.payload, p.unique_key from parked p
    union all
    select k.id, k.lane, k.kind, 'waiting', k.payload, k.unique_key from keyed k
    union all
    select x.id, x.lane, x.kind, 'dead', x.payload, null from dead x) r
    cross join lateral (select case when r.unique_key is not null then
      (select k.replacement from unique_key k where k.id = r.id) end new) u
  where r.id > p_id order by r.id
$$;

create or replace function step_payloads(p_id bigint) returns setof stored_payload
language sql stable
as $$
  select '0'::xid8, s.id, q.name, s.kind, 'step', s.payload
  from step s join queue q on q.id = s.lane / 4
  where s.id > p_id and s.type = 'job' and s.state = 'waiting' order by s.id
$$;

create or replace function schedule_payloads(p_id bigint) returns setof stored_payload
language sql stable
as $$
  select '0'::xid8, s.id::bigint, q.name, s.kind, 'schedule', s.payload
  from schedule s join queue q on q.id = s.queue
  where s.id > p_id order by s.id
$$;

-- Gives what payloads_page has shown another payload, if it still has the one that is expected. False:
-- it has moved on, was changed meanwhile, or waits in the log (see renew_waiting).
create or replace function replace_payload(p_state text, p_id bigint, p_expected jsonb, p_new jsonb)
returns bool
language plpgsql security definer set search_path from current
as $$
begin
  if p_new is null then
    raise exception 'a job''s payload must be JSON, got: NULL' using errcode = 'OG006';
  end if;
  case p_state
    when 'step' then
      update step set payload = p_new
        where id = p_id and payload = p_expected and state = 'waiting';
      return found;
    when 'schedule' then
      update schedule set payload = p_new where id = p_id and payload = p_expected;
      return found;
    when 'dead' then
      update dead set payload = p_new where id = p_id and payload = p_expected;
      return found;
    else
      -- What replaces the payload counts where there is one.
      update unique_key set replacement = jsonb_set(replacement, '{payload}', p_new)
        where id = p_id and replacement -> 'payload' = p_expected;
      if found then return true; end if;
  end case;
  case p_state
    when 'waiting' then
      -- As a claim, which takes these rows, does: so neither waits for the other's rows.
      perform pg_advisory_xact_lock(lock_key('queue', (k.lane / 4)::text)) from keyed k where k.id = p_id;
      update keyed set payload = p_new where id = p_id and payload = p_expected;
    when 'parked' then
      update parked set payload = p_new where id = p_id and payload = p_expected;
    else
      update deferred set payload = p_new where id = p_id and payload = p_expected;
  end case;
  return found;
end $$;
