-- What readers see.

-- Every appearance of a job in the log that is still there, oldest first.
create or replace function log_rows(p_id bigint) returns setof job
language sql stable set enable_seqscan = off set jit = off
as $$ select j.* from job j where j.id = p_id order by j.xid $$;

-- The claim that took a row of the log, if one did.
create or replace function claim_of(p_job job) returns setof claim
language sql stable
as $$
  select c.* from claim c
  where c.lane = p_job.lane and c.n > 0
    and not pg_visible_in_snapshot(p_job.xid, c.lo) and pg_visible_in_snapshot(p_job.xid, c.hi)
    and (p_job.xid, p_job.id) > (c.from_xid, c.from_id)
    and (p_job.xid, p_job.id) <= (c.to_xid, c.to_id)
$$;

-- The state of one appearance: waiting, running or settled.
create or replace function row_state(p_job job) returns text
language plpgsql stable
as $$
declare
  v_claim claim;
begin
  if is_ahead(lane_position(p_job.lane), p_job.xid, p_job.id) then
    return 'waiting';
  end if;
  select * into v_claim from claim_of(p_job) limit 1;
  if found and not is_settled(v_claim, p_job.id) then return 'running'; end if;
  return 'settled';
end $$;

-- The state of a job: waiting, running, scheduled, retrying, snoozed, parked, dead, succeeded,
-- cancelled, discarded, expired; null where nothing is known of it.
create or replace function job_state(p_id bigint) returns text
language plpgsql stable
as $$
declare
  v_state text;
  v_job job;
  v_last text;
begin
  select d.state into v_state from deferred d where d.id = p_id;
  if found then return v_state; end if;
  if exists (select from dead where id = p_id) then return 'dead'; end if;
  if exists (select from parked where id = p_id) then return 'parked'; end if;
  if exists (select from held where id = p_id) then return 'running'; end if;
  if exists (select from keyed where id = p_id) then return 'waiting'; end if;
  if exists (select from flagged where id = p_id and flag = 'cancelled') then return 'cancelled'; end if;
  for v_job in select * from log_rows(p_id) loop
    v_state := row_state(v_job);
    if v_state in ('waiting', 'running') then return v_state; end if;
  end loop;
  select e.event into v_last from job_event e
    where e.id = p_id and e.event in ('discarded', 'cancelled', 'expired') order by e.at desc limit 1;
  if v_last is not null then return v_last; end if;
  if v_state = 'settled' or exists (select from job_result r where r.id = p_id) then
    return 'succeeded';
  end if;
  return null;
end $$;

-- How many rows of a lane nobody has claimed, counted up to p_cap.
create or replace function lane_waiting(p_lane int, p_cap int) returns int
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_position claim := lane_position(p_lane);
  v_xid xid8 := v_position.to_xid;
  v_id bigint := v_position.to_id;
  v_late int;
  v_count int;
begin
  -- From this start on every row is ahead; before it, late commits may be.
  if v_xid < pg_snapshot_xmax(v_position.lo) then
    v_xid := pg_snapshot_xmax(v_position.lo);
    v_id := -1;
  end if;
  select count(*) into v_count from (
    select from job j where j.lane = p_lane and (j.xid, j.id) > (v_xid, v_id) limit p_cap) ahead;
  select count(*) into v_late from (
    select from job j
    where j.lane = p_lane and j.xid >= pg_snapshot_xmin(v_position.lo) and (j.xid, j.id) <= (v_xid, v_id)
      and is_ahead(v_position, j.xid, j.id)
    union all
    select from keyed k where k.lane = p_lane
    limit p_cap - v_count) late;
  return v_count + v_late;
end $$;

-- When the first row of a lane that nobody has claimed was enqueued.
create or replace function lane_oldest(p_lane int) returns timestamptz
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_position claim := lane_position(p_lane);
begin
  return least(
    (select j.enqueued_at from job j
     where j.lane = p_lane and j.xid >= pg_snapshot_xmin(v_position.lo)
       and is_ahead(v_position, j.xid, j.id)
     order by j.xid, j.id limit 1),
    case when exists (select from keyed k where k.lane = p_lane) then
      (select k.enqueued_at from keyed k where k.lane = p_lane order by k.id limit 1) end);
end $$;

-- Jobs that living workers have claimed and not settled.
create or replace function running_jobs()
returns table (id bigint, lane int, seq bigint, epoch uuid, attempt smallint, crashes smallint,
  kind text, payload jsonb, enqueued_at timestamptz, claimed_at timestamptz)
language sql stable
as $$
  select r.id, r.lane, c.seq, c.epoch, r.attempt, r.crashes, r.kind, r.payload::jsonb, r.enqueued_at, c.at
  from worker w, open_claims(w.epoch) c, unsettled_rows(c) r
  where w.ended_at is null
  union all
  select h.id, h.lane, h.seq, h.epoch, h.attempt, h.crashes, h.kind, h.payload, h.enqueued_at,
    h.claimed_at
  from held h
$$;

-- One row a queue. `waiting` and each kind of deferred jobs are counted up to 100,001 a band; `oldest_waiting` is the time at which the
-- oldest waiting job was enqueued. `max_waiting` and `max_age_seconds` are the limits of set_backpressure;
-- `is_full`: the next enqueue would be refused.
create or replace function queue_status()
returns table (name text, paused_at timestamptz, waiting bigint, waiting_capped bool, running bigint,
  scheduled bigint, retrying bigint, snoozed bigint, parked bigint, dead bigint,
  oldest_waiting timestamptz, workers bigint, max_waiting int, max_age_seconds float8, is_full bool)
language sql stable security definer set search_path from current
as $$
  with running as (select r.lane / 4 queue, count(*) n from running_jobs() r group by 1),
  deferred_by as (
    select d.lane / 4 queue,
      sum(d.n) filter (where d.state = 'scheduled')::bigint scheduled,
      sum(d.n) filter (where d.state = 'retrying')::bigint retrying,
      sum(d.n) filter (where d.state = 'snoozed')::bigint snoozed
    from deferred_counts(100001) d group by 1),
  parked_by as (select p.lane / 4 queue, count(*) n from parked p group by 1),
  dead_by as (select d.lane / 4 queue, count(*) n from dead d group by 1),
  ahead as (
    select q.id queue, sum(l.n) n, bool_or(l.n > 100000) capped, min(l.oldest) oldest
    from queue q, lateral (
      select lane_waiting(q.id * 4 + b, 100001) n, lane_oldest(q.id * 4 + b) oldest
      from generate_series(0, 3) b) l
    group by q.id)
  select q.name, q.paused_at, a.n, a.capped, coalesce(r.n, 0), coalesce(d.scheduled, 0),
    coalesce(d.retrying, 0), coalesce(d.snoozed, 0), coalesce(p.n, 0), coalesce(x.n, 0), a.oldest,
    (select count(*) from worker w where w.ended_at is null and q.name = any (w.queues)),
    q.max_waiting, extract(epoch from q.max_age)::float8,
    case when coalesce(q.max_waiting::text, q.max_age::text) is null then false
      else room_of(q) < 1 end
  from queue q join ahead a on a.queue = q.id
    left join running r on r.queue = q.id left join deferred_by d on d.queue = q.id
    left join parked_by p on p.queue = q.id left join dead_by x on x.queue = q.id
  order by q.name
$$;

-- How many jobs of the queues wait, run, or become due within p_within (counted up to 100,001), all in one
-- snapshot. What
-- paused queues and the parked hold is not counted: it does not move by itself.
create or replace function jobs_left(p_queues text[], p_within interval default '0')
returns bigint
language sql stable security definer set search_path from current
as $$
  select coalesce((
      select sum(s.waiting + s.running) from queue_status() s
      where s.name = any (p_queues) and s.paused_at is null), 0)::bigint
    + (select count(*) from (
         select from deferred d join queue q on q.id = d.lane / 4
         where q.name = any (p_queues) and q.paused_at is null
           and d.run_at <= (select clock_timestamp() + p_within) -- once: see promote_due
         limit 100001) due)
$$;

-- One row a living worker.
create or replace function worker_status()
returns table (epoch uuid, host text, pid int, version text, slots int, busy int, queues text[],
  kinds text[], started_at timestamptz, heartbeat_at timestamptz, draining bool, connected bool, leaked int)
language sql stable security definer set search_path from current
as $$
  select w.epoch, w.host, w.pid, w.version, w.slots, h.busy, w.queues, w.kinds, w.started_at, h.at,
    w.draining, w.epoch in (select connected_workers()), h.leaked
  from worker w join heartbeat h using (epoch)
  where w.ended_at is null order by w.started_at
$$;

-- Jobs in small tables and in the log, newest id first.
--   p_queue, p_kind  null: any
--   p_state          one of the states of job_state, null: any
--   p_before         only ids below it (the last id of the page before), null: from the newest
--   p_limit          at most 1,000
-- The log is looked through from its newest row on, 10,000 rows a lane at the most; so are deferred jobs
-- where a kind is given.
create or replace function find_jobs(
  p_queue text default null, p_state text default null, p_kind text default null,
  p_before bigint default null, p_limit int default 50)
returns table (id bigint, queue text, priority smallint, kind text, state text, attempt smallint,
  crashes smallint, enqueued_at timestamptz, run_at timestamptz, error text)
language plpgsql stable security definer set search_path from current set jit = off
as $$
#variable_conflict use_column
begin
  if p_state is not null and p_state not in ('waiting', 'running', 'scheduled', 'retrying', 'snoozed',
    'parked', 'dead', 'succeeded', 'cancelled', 'discarded', 'expired') then
    raise exception 'state must be waiting, running, scheduled, retrying, snoozed, parked, dead, succeeded, cancelled, discarded or expired, got: %',
      left(p_state, 40) using errcode = 'OG006';
  end if;
  if p_queue is not null then perform queue_named(p_queue); end if;
  return query
    with lane_of as (
      select q.id * 4 + b lane, q.name, b::smallint band
      from queue q, generate_series(0, 3) b where p_queue is null or q.name = p_queue),
    small as (
      select d.id, d.lane, d.kind, d.state, d.attempt, d.crashes, d.enqueued_at, d.run_at,
        (select e.detail from job_event e where e.id = d.id and e.event in ('retried', 'snoozed')
         order by e.at desc limit 1) error
      from lane_of l, lateral deferred_page(l.lane, p_state, p_kind, p_before, p_limit) d
      union all
      select p.id, p.lane, p.kind, 'parked', p.attempt, p.crashes, p.enqueued_at, null, null from parked p
      union all
      select d.id, d.lane, d.kind, 'dead', d.attempt, d.crashes, d.enqueued_at, null, d.error from dead d
      union all
      (select k.id, k.lane, k.kind, 'waiting', k.attempt, k.crashes, k.enqueued_at, null, null
       from keyed k join lane_of l on l.lane = k.lane
       where (p_before is null or k.id < p_before) and (p_kind is null or k.kind = p_kind)
       order by k.id desc limit p_limit)
      union all
      select r.id, r.lane, r.kind, 'running', r.attempt, r.crashes, r.enqueued_at, null, null
      from running_jobs() r),
    logged as (
      select distinct on (j.id) j.id, j.lane, j.kind, job_state(j.id) state, j.attempt, j.crashes,
        j.enqueued_at, null::timestamptz, null::text
      from lane_of l, lateral (
        select * from job x where x.lane = l.lane and (p_before is null or x.id < p_before)
          and (p_kind is null or x.kind = p_kind)
        order by x.xid desc, x.id desc
        limit case when p_state in ('waiting', 'succeeded', 'cancelled', 'discarded', 'expired')
                then 10000 else p_limit end) j
      where p_state is null or p_state in ('waiting', 'succeeded', 'cancelled', 'discarded', 'expired')
      order by j.id, j.xid desc),
    every_job as (
      select * from small union all
      select * from logged g where g.state in ('waiting', 'succeeded', 'cancelled', 'discarded', 'expired')
        and not exists (select from keyed k where k.id = g.id))
    select e.id, l.name, l.band, e.kind, e.state, e.attempt, e.crashes, e.enqueued_at, e.run_at, e.error
    from every_job e join lane_of l on l.lane = e.lane
    where (p_state is null or e.state = p_state) and (p_kind is null or e.kind = p_kind)
      and (p_before is null or e.id < p_before)
    order by e.id desc limit least(greatest(p_limit, 0), 1000);
end $$;

-- The whole story of a job as one JSON object, in any state, secrets included; null where nothing is
-- known of it.
create or replace function whole_story(p_id bigint) returns jsonb
language plpgsql stable security definer set search_path from current set jit = off
as $$
declare
  v_state text := job_state(p_id);
  v_story jsonb;
begin
  if v_state is null then return null; end if;
  select to_jsonb(s) into v_story from (
    select x.lane, x.kind, x.payload, x.attempt, x.crashes, x.enqueued_at, x.key, x.unique_key, x.meta,
      x.run_at, x.error
    from (
      select d.lane, d.kind, d.payload, d.attempt, d.crashes, d.enqueued_at, d.key, d.unique_key, d.meta,
        d.run_at, null error, 1 rank from deferred d where d.id = p_id
      union all
      select d.lane, d.kind, d.payload, d.attempt, d.crashes, d.enqueued_at, d.key, d.unique_key, d.meta,
        null, d.error, 1 from dead d where d.id = p_id
      union all
      select p.lane, p.kind, p.payload, p.attempt, p.crashes, p.enqueued_at, p.key, p.unique_key, p.meta,
        null, null, 1 from parked p where p.id = p_id
      union all
      select h.lane, h.kind, h.payload, h.attempt, h.crashes, h.enqueued_at, h.key, h.unique_key, h.meta,
        null, null, 1 from held h where h.id = p_id
      union all
      select k.lane, k.kind, k.payload, k.attempt, k.crashes, k.enqueued_at, nullif(k.key, ''),
        k.unique_key, k.meta, null, null, 1 from keyed k where k.id = p_id
      union all
      (select j.lane, j.kind, j.payload::jsonb, j.attempt, j.crashes, j.enqueued_at, j.key, j.unique_key, j.meta,
        null, null, 2 from log_rows(p_id) j order by j.xid desc limit 1)) x
    order by x.rank limit 1) s;
  return jsonb_build_object('id', p_id, 'state', v_state)
    || coalesce(v_story - 'lane', '{}')
    || jsonb_build_object(
      'queue', (select q.name from queue q where q.id = (v_story ->> 'lane')::int / 4),
      'priority', (v_story ->> 'lane')::int % 4,
      'unique', (select jsonb_build_object('scope', u.scope, 'held_until', u.held_until,
          'replaced', u.replaced, 'replacement', u.replacement)
        from unique_key u where u.id = p_id),
      'waits_behind', case when v_state = 'waiting' then jobs_ahead(p_id) end,
      'quarantined', (select q.reason from quarantine q where q.kind = v_story ->> 'kind'),
      'progress', (select to_jsonb(g) - 'id' from job_progress g where g.id = p_id),
      'checkpoint', (select to_jsonb(k) - 'id' from job_checkpoint k where k.id = p_id),
      'key_running', key_running((v_story ->> 'lane')::int / 4, v_story ->> 'key', p_id),
      'limits', (select nullif(queue_limits(q.name), '{}') from queue q
                 where q.id = (v_story ->> 'lane')::int / 4),
      'result', (select r.result from job_result r where r.id = p_id),
      'workflow', workflow_of(p_id),
      'schedule', case when v_story -> 'meta' ? 'schedule' then jsonb_build_object(
        'name', v_story -> 'meta' -> 'schedule', 'tick', v_story -> 'meta' -> 'tick') end,
      'claims', claims_story(p_id),
      'events', coalesce((
        select jsonb_agg(jsonb_build_object('at', e.at, 'event', e.event, 'attempt', e.attempt,
          'detail', e.detail, 'worker', e.epoch, 'actor', e.actor) order by e.at)
        from job_event e where e.id = p_id), '[]'));
end $$;

-- The same without what is marked as secret.
create or replace function job_story(p_id bigint) returns jsonb
language sql stable security definer set search_path from current
as $$ select redacted(whole_story(p_id)) $$;

-- Who took the job when, and when it was settled.
create or replace function claims_story(p_id bigint) returns jsonb
language sql stable set enable_seqscan = off set jit = off
as $$
  select coalesce(jsonb_agg(t.story order by t.at), '[]') from (
    select c.at, jsonb_build_object('at', c.at, 'worker', c.epoch, 'host', w.host, 'pid', w.pid,
      'lane', c.lane, 'seq', c.seq, 'attempt', j.attempt,
      'settled_at', (select min(x.at) from closure x where x.lane = c.lane and x.seq = c.seq
                       and (x.ids is null or p_id = any (x.ids)))) story
    from log_rows(p_id) j, lateral claim_of(j) c left join worker w on w.epoch = c.epoch
    where c.epoch <> no_worker()
    union all
    select h.claimed_at, jsonb_build_object('at', h.claimed_at, 'worker', h.epoch, 'host', w.host,
      'pid', w.pid, 'lane', h.lane, 'seq', h.seq, 'attempt', h.attempt, 'settled_at', null)
    from held h left join worker w on w.epoch = h.epoch where h.id = p_id) t
$$;

-- How many jobs of its band, in a keyed queue of its key, a waiting job has before it, counted up to
-- 10,000.
create or replace function jobs_ahead(p_id bigint) returns int
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_job job;
  v_position claim;
begin
  if exists (select from keyed where id = p_id) then
    return (select count(*) from (
      select from keyed k join keyed own on own.id = p_id
      where k.lane = own.lane and k.key = own.key and (k.place, k.id) < (own.place, own.id)
      limit 10000) ahead);
  end if;
  select * into v_job from log_rows(p_id) order by xid desc limit 1;
  v_position := lane_position(v_job.lane);
  return (select count(*) from (
    select from job j
    where j.lane = v_job.lane and (j.xid, j.id) < (v_job.xid, v_job.id)
      and j.xid >= pg_snapshot_xmin(v_position.lo) and is_ahead(v_position, j.xid, j.id)
    limit 10000) ahead);
end $$;

-- Other jobs of a keyed queue's key that run, or that the key of a fifo queue has begun: it waits for
-- them.
create or replace function key_running(p_queue_id int, p_key text, p_id bigint) returns bigint[]
language sql stable
as $$
  select nullif(array(
    select h.id from held h where h.lane / 4 = p_queue_id and h.key = p_key and h.id <> p_id
    union
    select s.id from key_slot s where s.queue = p_queue_id and s.key = p_key and s.id <> p_id
    order by 1 limit 100), '{}')
$$;

create or replace view queue_overview as select * from queue_status();
create or replace view worker_overview as select * from worker_status();
create or replace view dead_job as
  select d.id, q.name queue, (d.lane % 4)::smallint priority, d.kind, redacted(d.payload) payload, d.attempt,
    d.crashes, d.error, d.enqueued_at, d.died_at, d.meta
  from dead d join queue q on q.id = d.lane / 4;
create or replace view deferred_job as
  select d.id, q.name queue, (d.lane % 4)::smallint priority, d.kind, redacted(d.payload) payload, d.state,
    d.attempt, d.crashes, d.run_at, d.enqueued_at, d.unique_key, d.meta
  from deferred d join queue q on q.id = d.lane / 4;
