-- Keyed queues: jobs are taken key by key. A claim first sorts what is new in the log into `keyed`,
-- then takes jobs from there into `held`, where running jobs of any kind may lie: settle, rescue and
-- the rest know that place.

-- The claims that only sort belong to nobody.
create or replace function no_worker() returns uuid
language sql immutable
as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;

-- The claim of a keyed queue; p_limit is what the queue's own limits leave.
create or replace function claim_keyed(
  p_queue queue, p_positions claim[], p_new claim, p_limit int)
returns setof job
language plpgsql
as $$
declare
  v_band int;
  v_position claim;
  v_ids bigint[];
  v_is_full bool;
  v_sorts int := 2000; -- rows, so that a claim stays short whatever the backlog
begin
  for v_band in 0..3 loop
    v_position := p_positions[v_band + 1];
    if p_queue.max_running is null then v_position.open := null; end if;
    select s.* into v_position from sort_lane(v_position, p_new.segment, v_sorts) s;
    if v_position.seq > p_positions[v_band + 1].seq then v_sorts := v_sorts - v_position.n; end if;
    p_positions[v_band + 1] := v_position;
  end loop;
  foreach v_band in array band_order(p_new.turn) loop
    v_position := p_positions[v_band + 1];
    select t.ids, t.spent, t.is_full into v_ids, p_new.spent, v_is_full
      from take_keyed(p_queue, v_position, p_new, p_limit) t;
    return query
      select (held_job(h)).*
      from unnest(v_ids) with ordinality i (id, place)
        join held h on h.lane = v_position.lane and h.seq = v_position.seq + 1 and h.id = i.id
      order by i.place;
    if found then return next claim_end(v_position.lane, v_position.seq + 1); end if;
    p_limit := p_limit - cardinality(v_ids);
    exit when v_is_full or p_limit <= 0;
  end loop;
end $$;

-- Moves up to p_limit new rows of a lane from the log to `keyed`; returns the lane's position after it.
create or replace function sort_lane(p_position claim, p_head int, p_limit int) returns claim
language plpgsql
as $$
declare
  v_opened bool := false;
  v_now pg_snapshot;
begin
  while p_limit > 0 loop
    if p_position.drained then
      v_now := window_snapshot();
      exit when v_opened or v_now::text = p_position.hi::text;
      p_position := next_window(p_position, v_now);
      v_opened := true;
    end if;
    if may_have_rows(p_position) and sort_rows(p_position, p_head, p_limit) then
      perform drop_cancelled(p_position.lane);
      return lane_position(p_position.lane);
    end if;
    p_position.drained := true;
  end loop;
  return p_position;
end $$;

-- Sorts rows after a position and appends the claim that took them and its closure; false where its
-- window has none.
create or replace function sort_rows(p_position claim, p_head int, p_limit int) returns bool
language plpgsql
as $$
declare
  v_place float8 := place_in(p_position.hi);
begin
  with w as materialized (
    select * from window_rows(p_position.lane, p_position.lo, p_position.hi, p_position.to_xid,
                              p_position.to_id, p_limit)),
  placed as (
    insert into keyed (id, lane, key, place, attempt, crashes, enqueued_at, kind, payload, unique_key,
                       meta)
    select w.id, w.lane, coalesce(w.key, ''), place_of(w.meta, v_place), w.attempt, w.crashes,
      w.enqueued_at, w.kind, w.payload, w.unique_key, w.meta
    from w),
  last as (
    select w.xid, w.id, count(*) over () n from w order by w.xid desc, w.id desc limit 1),
  closed as (
    insert into closure (segment, lane, seq, ids, final)
    select p_head, p_position.lane, p_position.seq + 1, null, true from last)
  insert into claim (segment, lane, seq, epoch, lo, hi, from_xid, from_id, to_xid, to_id, n,
                     drained, turn, open, spent, spent_at, cursor)
    select p_head, p_position.lane, p_position.seq + 1, no_worker(), p_position.lo, p_position.hi,
      p_position.to_xid, p_position.to_id, last.xid, last.id, last.n, last.n < p_limit,
      p_position.turn, p_position.open, p_position.spent, p_position.spent_at, p_position.cursor
    from last;
  return found;
end $$;

-- Sorts a lane's rows of a segment that is about to be emptied; returns how many.
create or replace function sort_segment(p_segment int, p_position claim) returns bigint
language plpgsql
as $$
declare
  v_now float8 := place_in(pg_current_snapshot());
  v_window float8 := place_in(p_position.hi);
  v_count bigint;
begin
  insert into keyed (id, lane, key, place, attempt, crashes, enqueued_at, kind, payload, unique_key, meta)
    select j.id, j.lane, coalesce(j.key, ''),
      -- Those that the open window holds come before what only a later one will show.
      place_of(j.meta, case when pg_visible_in_snapshot(j.xid, p_position.hi) then v_window
                       else v_now end),
      j.attempt, j.crashes, j.enqueued_at, j.kind, j.payload, j.unique_key, j.meta
    from job j
    where j.segment = p_segment and j.lane = p_position.lane
      and j.xid >= pg_snapshot_xmin(p_position.lo) and is_ahead(p_position, j.xid, j.id);
  get diagnostics v_count = row_count;
  perform drop_cancelled(p_position.lane);
  return v_count;
end $$;

-- The order of commits: how many transactions had ended in the snapshot that showed the row.
create or replace function place_in(p_hi pg_snapshot) returns float8
language plpgsql immutable
as $$
begin
  return pg_snapshot_xmax(p_hi)::text::float8 - (select count(*) from pg_snapshot_xip(p_hi));
end $$;

-- A job that comes back keeps the place that it had.
create or replace function place_of(p_meta jsonb, p_place float8) returns float8
language sql immutable
as $$
  select case when jsonb_typeof(p_meta -> 'fifo_place') = 'number'
    then least(greatest((p_meta -> 'fifo_place')::numeric, 0), 9e18)::float8 else p_place end
$$;

-- Jobs that were cancelled before they were sorted.
create or replace function drop_cancelled(p_lane int) returns void
language plpgsql
as $$
declare
  v_ids bigint[];
begin
  if not exists (select from flagged f where f.lane = p_lane) then return; end if;
  v_ids := array(select f.id from flagged f join keyed k on k.id = f.id
                 where f.lane = p_lane and f.flag = 'cancelled');
  perform add_event(k.id, k.attempt, 'cancelled', 'before it started', null)
    from keyed k where k.id = any (v_ids);
  delete from keyed k where k.id = any (v_ids);
  delete from flagged f where f.lane = p_lane and f.id = any (v_ids);
end $$;

-- Takes jobs of a lane, one of each key in turn, into `held`, and appends the claim row that they
-- belong to.
--   spent    what is missing in the queue's bucket afterwards
--   is_full  nothing more may be taken by this claim: the next job costs more than the queue's
--            bucket has, or a suspect came alone
create or replace function take_keyed(
  p_queue queue, p_position claim, p_new claim, p_limit int,
  out ids bigint[], out spent float8, out is_full bool)
language plpgsql
as $$
declare
  v_claim claim := claim_after(p_position, p_new);
  v_turns key_turn[];
  v_last text;
  v_picked bigint[];
  v_share int;
begin
  ids := '{}';
  spent := p_new.spent;
  is_full := false;
  loop
    select r.turns, r.last into v_turns, v_last
      from ready_keys(p_queue, p_position.lane, p_position.cursor, p_limit) r;
    exit when cardinality(v_turns) = 0;
    select p.ids, p.is_full into v_picked, is_full from pick_jobs(
      p_queue, p_position.lane, v_turns, p_limit, p_queue.rate_burst - spent) p;
    exit when cardinality(v_picked) = 0;
    select k.key into v_claim.cursor from keyed k where k.id = v_picked[cardinality(v_picked)];
    v_share := p_limit / cardinality(v_turns);
    p_limit := p_limit - cardinality(v_picked);
    v_picked := hold_picked(p_queue, v_claim, v_picked);
    ids := ids || v_picked;
    if p_queue.rate is not null then
      spent := spent + (
        select coalesce(sum(job_cost(h.meta, p_queue.rate_burst)), 0) from held h
        where h.lane = v_claim.lane and h.seq = v_claim.seq and h.id = any (v_picked));
    end if;
    exit when is_full or p_limit <= 0
      or not exists (select from unnest(v_turns) t where t.room > v_share);
  end loop;
  -- Where all keys that were looked at are blocked, the next claim looks at those behind them.
  v_claim.cursor := coalesce(v_claim.cursor, v_last, p_position.cursor);
  if cardinality(ids) = 0 and v_claim.cursor is not distinct from p_position.cursor then return; end if;
  v_claim.open := p_position.open;
  v_claim.spent := spent;
  v_claim.to_xid := p_position.to_xid;
  v_claim.to_id := p_position.to_id;
  v_claim.n := 0;
  v_claim.drained := p_position.drained;
  insert into claim select (v_claim).*;
end $$;

-- The keys of a lane that may start a job, in turn: those after the cursor, then those from the
-- beginning; at most p_limit of them. Looks at 1,000 keys.
--   last  the key that was looked at last, where keys were left over
create or replace function ready_keys(
  p_queue queue, p_lane int, p_cursor text, p_limit int, out turns key_turn[], out last text)
language plpgsql
as $$
declare
  v_now timestamptz := clock_timestamp();
  -- The key that follows another in the order of bytes is that one and the least byte.
  v_from text collate "C" := coalesce(p_cursor || chr(1), '');
  v_wrapped bool := p_cursor is null;
  v_key text collate "C";
  v_has_begun bool;
  v_is_running bool;
  v_turn key_turn;
begin
  turns := '{}';
  for v_looked in 1..1000 loop
    -- One statement finds a key and says whether it has begun a job, and whether one runs: that is all
    -- there is to know of most.
    select n.key, n.has_begun, n.has_begun and exists (
        select from held h where h.lane / 4 = p_queue.id and h.key = n.key)
      into v_key, v_has_begun, v_is_running
      from (
        select k.key, exists (
            select from key_slot s where s.queue = p_queue.id and s.key = k.key) has_begun
        from keyed k where k.lane = p_lane and k.key >= v_from order by k.key limit 1) n;
    if not found then
      if v_wrapped then return; end if;
      v_wrapped := true;
      v_from := '';
      continue;
    end if;
    if v_wrapped and v_key > p_cursor then return; end if;
    v_from := v_key || chr(1);
    continue when v_is_running;
    v_turn := turn_of(p_queue, p_lane, v_key, v_has_begun, v_now);
    if v_turn.room > 0 then
      turns := turns || v_turn;
      exit when cardinality(turns) >= p_limit;
    end if;
  end loop;
  last := v_key;
end $$;

-- How many jobs a key may start now. A fifo queue's key has none that runs.
--   p_has_begun  whether the key has a row in key_slot: a fifo queue's key whose job has come back
create or replace function turn_of(
  p_queue queue, p_lane int, p_key text, p_has_begun bool, p_now timestamptz)
returns key_turn
language plpgsql stable
as $$
declare
  v_turn key_turn;
begin
  v_turn.key := p_key;
  v_turn.room := 1000000;
  if p_key = '' then return v_turn; end if;
  if p_queue.key_max_running is not null then
    v_turn.room := p_queue.key_max_running - (
      select count(*) from held h where h.lane / 4 = p_queue.id and h.key = p_key);
  end if;
  if p_queue.key_order = 'fifo' then
    v_turn.room := 1;
    if p_has_begun then
      -- Only what the key has begun may go on, and only where it has come back.
      select k.id into v_turn.begun from key_slot s join keyed k on k.id = s.id
        where s.queue = p_queue.id and s.key = p_key and k.lane = p_lane
        order by k.place, k.id limit 1;
      if not found then v_turn.room := 0; end if;
    end if;
  end if;
  if p_queue.key_rate is not null and v_turn.room > 0 then
    v_turn.tokens := p_queue.key_rate_burst - coalesce((
      select spent_after(b.spent, b.spent_at, p_now, p_queue.key_rate, p_queue.key_rate_seconds)
      from key_bucket b where b.queue = p_queue.id and b.key = p_key), 0);
    v_turn.room := least(v_turn.room, floor(v_turn.tokens));
  end if;
  return v_turn;
end $$;

-- The next jobs of these keys, round by round, at most p_limit and as many as p_tokens (null: no
-- rate) are enough for. Every key gets the same share; what a key leaves is given out by another call.
create or replace function pick_jobs(
  p_queue queue, p_lane int, p_turns key_turn[], p_limit int, p_tokens float8,
  out ids bigint[], out is_full bool)
language plpgsql
as $$
declare
  v_share int := greatest(p_limit / cardinality(p_turns), 1);
  v_crashes smallint[];
  v_suspect int;
  v_found int;
begin
  select coalesce(array_agg(p.id order by p.round, p.turn) filter (where p.is_paid), '{}'),
      array_agg(p.crashes order by p.round, p.turn) filter (where p.is_paid), count(*)
    into ids, v_crashes, v_found
  from (
    select x.id, x.crashes, x.round, t.turn,
      p_tokens is null or sum(case when p_tokens is not null then job_cost(x.meta, p_queue.rate_burst) end)
        over (order by x.round, t.turn) <= p_tokens is_paid
    from unnest(p_turns) with ordinality t (key, room, tokens, begun, turn),
      lateral (
        select k.id, k.crashes, k.meta, row_number() over (order by k.place, k.id) round,
          sum(case when t.tokens is not null then job_cost(k.meta, p_queue.key_rate_burst) end)
            over (order by k.place, k.id) charged
        from (
          (select * from keyed k where t.begun is null and k.lane = p_lane and k.key = t.key
           order by k.place, k.id limit least(t.room, v_share))
          union all
          (select * from keyed k where k.id = t.begun)) k) x
    where t.tokens is null or x.charged <= t.tokens
    order by x.round, t.turn limit p_limit) p;
  is_full := cardinality(ids) < v_found;
  v_suspect := (select min(c.place) from unnest(v_crashes) with ordinality c (n, place) where c.n >= 2);
  if v_suspect is not null then
    ids := ids[1:greatest(v_suspect - 1, 1)];
    is_full := true;
  end if;
end $$;

-- Moves picked jobs from `keyed` to `held`; returns those that are to be handed out.
create or replace function hold_picked(p_queue queue, p_claim claim, p_ids bigint[]) returns bigint[]
language plpgsql
as $$
declare
  v_withheld bigint[] := '{}';
begin
  with gone as (
    delete from keyed k where k.id = any (p_ids) returning k.*)
  insert into held (lane, seq, id, epoch, attempt, crashes, enqueued_at, kind, payload, key,
                    unique_key, meta, claimed_n, claimed_at)
    select g.lane, p_claim.seq, g.id, p_claim.epoch, g.attempt, g.crashes, g.enqueued_at, g.kind,
      g.payload, nullif(g.key, ''), g.unique_key,
      case when p_queue.key_order = 'fifo' and g.key <> ''
        then coalesce(g.meta, '{}') || jsonb_build_object('fifo_place', g.place) else g.meta end,
      cardinality(p_ids), p_claim.at
    from gone g;
  if exists (select from flagged f where f.lane = p_claim.lane) or exists (select from quarantine) then
    v_withheld := pass_flags(array(
      select held_job(h) from held h
      where h.lane = p_claim.lane and h.seq = p_claim.seq and h.id = any (p_ids)));
    delete from held h
      where h.lane = p_claim.lane and h.seq = p_claim.seq and h.id = any (v_withheld);
  end if;
  if p_queue.key_order = 'fifo' then perform begin_order(p_queue.id, p_claim.lane, p_ids); end if;
  if p_queue.key_rate is not null then
    perform charge_keys(p_queue, p_claim, p_ids);
  end if;
  return array(select i.id from unnest(p_ids) with ordinality i (id, place)
               where i.id <> all (v_withheld) order by i.place);
end $$;

-- From now on their keys wait for these jobs' ends. A unique job that was put off for an instant and a
-- job of a quarantined kind keep their keys waiting too.
create or replace function begin_order(p_queue_id int, p_lane int, p_ids bigint[]) returns void
language sql
as $$
  with begun as (
    insert into key_slot (id, queue, key)
    select h.id, p_queue_id, h.key from held h where h.id = any (p_ids) and h.key is not null
    union all
    select d.id, p_queue_id, d.key from deferred d where d.id = any (p_ids) and d.key is not null
      and d.run_at < clock_timestamp() + interval '50 ms'
    union all
    select p.id, p_queue_id, p.key from parked p where p.id = any (p_ids) and p.key is not null
    on conflict do nothing returning id)
  insert into tracked (lane, id, purpose)
    select p_lane, b.id, 'order' from begun b on conflict do nothing
$$;

create or replace function charge_keys(p_queue queue, p_claim claim, p_ids bigint[]) returns void
language sql
as $$
  insert into key_bucket as b (queue, key, spent, spent_at)
    select p_queue.id, h.key, sum(job_cost(h.meta, p_queue.key_rate_burst)), p_claim.at
    from held h
    where h.lane = p_claim.lane and h.seq = p_claim.seq and h.id = any (p_ids) and h.key is not null
    group by h.key
  on conflict (queue, key) do update
    set spent = excluded.spent + spent_after(b.spent, b.spent_at, excluded.spent_at, p_queue.key_rate,
                                             p_queue.key_rate_seconds),
      spent_at = excluded.spent_at
$$;

-- Keys whose jobs have ended go on with the next; with that the jobs are followed for their order no more.
create or replace function end_orders(p_lane int, p_ids bigint[]) returns void
language plpgsql
as $$
begin
  with ended as (
    delete from tracked t where t.lane = p_lane and t.id = any (p_ids) and t.purpose = 'order'
    returning t.id)
  delete from key_slot s using ended e where s.id = e.id;
  if found then perform wake_freed(p_lane / 4); end if;
end $$;

-- Before the order of a queue changes, under its lock. To keyed: what runs moves to `held`, where it is
-- counted by key. From keyed: what waits goes back into the log.
create or replace function change_order(p_queue queue) returns void
language plpgsql
as $$
declare
  v_old text := (select key_order from queue where id = p_queue.id);
begin
  if v_old is not distinct from p_queue.key_order then return; end if;
  -- Settles would not see their claims move.
  perform pg_advisory_xact_lock(lock_key('rotation', ''));
  if v_old is null then perform hold_running(p_queue.id); end if;
  if p_queue.key_order = 'fifo' then
    perform begin_order(p_queue.id, h.lane, array[h.id]) from held h
      where h.lane between p_queue.id * 4 and p_queue.id * 4 + 3 and h.key is not null;
  elsif v_old = 'fifo' then
    delete from tracked t using key_slot s
      where s.queue = p_queue.id and t.lane between p_queue.id * 4 and p_queue.id * 4 + 3
        and t.id = s.id and t.purpose = 'order';
    delete from key_slot where queue = p_queue.id;
  end if;
  if p_queue.key_order is null then
    delete from key_bucket where queue = p_queue.id;
    with gone as (
      delete from keyed where lane between p_queue.id * 4 and p_queue.id * 4 + 3 returning *)
    insert into job (segment, lane, id, attempt, crashes, kind, payload, enqueued_at, key, unique_key, meta)
      select head_segment(), g.lane, g.id, g.attempt, g.crashes, g.kind, g.payload, g.enqueued_at,
        nullif(g.key, ''), g.unique_key, g.meta
      from gone g order by g.place, g.id;
  end if;
end $$;

-- Moves the unsettled rows of a queue's open claims to `held`.
create or replace function hold_running(p_queue_id int) returns void
language plpgsql
as $$
declare
  v_claim claim;
begin
  for v_claim in
    select c.* from claim c
    where c.lane between p_queue_id * 4 and p_queue_id * 4 + 3 and c.n > 0
      and not exists (select from closure x where x.lane = c.lane and x.seq = c.seq and x.final)
  loop
    insert into held (lane, seq, id, epoch, attempt, crashes, enqueued_at, kind, payload, key,
                      unique_key, meta, claimed_n, claimed_at)
      select r.lane, v_claim.seq, r.id, v_claim.epoch, r.attempt, r.crashes, r.enqueued_at, r.kind,
        r.payload, r.key, r.unique_key, r.meta, v_claim.n, v_claim.at
      from unsettled_rows(v_claim) r;
    insert into closure (segment, lane, seq, ids, final)
      values (head_segment(), v_claim.lane, v_claim.seq, null, true);
  end loop;
end $$;
