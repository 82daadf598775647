-- Claiming: a worker takes the next rows of a queue. The newest claim row of a lane is its read
-- position; nothing is updated or deleted on this path.

-- The order in which a claim looks at the bands. Urgent first, but of 16 turns the high band comes
-- first in two, the normal band in two and the low band in one, so that no band starves. Turns are
-- claims that found work, counted in the claim rows: each band gets its turns whatever the others hold.
create or replace function band_order(p_turn bigint) returns int[]
language sql immutable
as $$
  select case p_turn % 16
    when 3 then array[1, 0, 2, 3] when 11 then array[1, 0, 2, 3]
    when 7 then array[2, 0, 1, 3] when 13 then array[2, 0, 1, 3]
    when 15 then array[3, 0, 1, 2]
    else array[0, 1, 2, 3] end
$$;

-- Claims up to p_limit jobs of a queue for a living worker and returns them, most urgent first; no
-- row where none is to be had, the queue is paused or its limits are reached. The rows are as they lie in
-- the log, because a list of their columns costs half as much again. One call may append claims of
-- several lanes: behind the jobs of each comes a row that names it, see claim_end.
-- Errors: OG001 dead worker, OG003 replaced session, OG004 unknown queue, OG008 isolation level.
create or replace function claim_rows(p_epoch uuid, p_session int, p_queue text, p_limit int)
returns setof job
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_queue queue; -- where a limit needs all of it
  v_queue_id int;
  v_band int;
  v_position claim;
  v_left int := p_limit;
  v_found int;
  v_running bigint;
  v_positions claim[];
  v_latest claim;
  v_new claim; -- what the claim rows of this call have in common
  v_is_first bool;
  v_opened bool;
  v_is_plain bool; -- no row of a late commit, no transaction that runs for long in the way, no rate
  v_is_held bool;
  v_xid xid8;
  v_first_running xid8;
  v_id bigint;
  v_now pg_snapshot;
  v_look record;
  v_lanes record;
begin
  -- All of this comes with every claim, however small. Expressions cost a third of what PERFORM and
  -- SELECT cost, and single columns less than whole rows.
  v_is_held := require_read_committed('claim');
  v_is_held := hold_epoch(p_epoch, p_session);
  select q.id into v_queue_id from queue q where q.name = p_queue;
  if not found then v_queue_id := (queue_named(p_queue)).id; end if;
  if p_limit <= 0 then return; end if;
  v_is_held := hold_alone(lock_key('queue', v_queue_id::text));
  v_is_held := hold_shared(lock_key('rotation', ''));
  -- Whoever held the lock may have changed the limits. The head is read as head_segment() has it: its
  -- call would be a statement more.
  select q.paused_at is not null is_paused, q.max_running, q.rate, q.rate_burst,
      q.key_order is not null is_keyed, (select r.segment from rotation r order by r.seq desc limit 1) head,
      exists (select from quarantine) has_quarantine
    into v_look from queue q where q.id = v_queue_id;
  if v_look.is_paused then return; end if;
  if v_look.rate is not null or v_look.is_keyed then v_queue := queue_named(p_queue); end if;
  v_new.segment := v_look.head;
  v_new.epoch := p_epoch;
  v_now := pg_current_snapshot(); -- what window_snapshot() would say without a transaction of one's own
  if pg_current_xact_id_if_assigned() is not null then v_now := window_snapshot(); end if;
  v_lanes := look_ahead(v_queue_id, v_new.segment, v_now);
  v_positions := v_lanes.positions;
  v_new.turn := 1 + v_lanes.turn;
  if v_look.max_running is not null then
    select r.positions, r.running into v_positions, v_running
      from count_running(v_queue_id, v_new.segment, v_positions) r;
    v_left := least(v_left, v_look.max_running - v_running);
  end if;
  if v_look.rate is not null then
    v_new.spent_at := clock_timestamp();
    v_new.spent := spent_now(v_queue, v_positions, v_new.spent_at);
    v_left := least(v_left, floor(v_look.rate_burst - v_new.spent));
  end if;
  if v_left <= 0 then return; end if;
  if v_look.is_keyed then
    return query select * from claim_keyed(v_queue, v_positions, v_new, v_left);
    return;
  end if;
  foreach v_band in array band_order(v_new.turn) loop
    continue when not (v_lanes.is_ahead[v_band + 1] or v_lanes.is_late[v_band + 1]);
    v_position := v_positions[v_band + 1];
    v_is_first := true;
    v_opened := false;
    loop
      if v_position.drained then
        exit when v_opened;
        v_opened := true;
        v_position := next_window(v_position, v_now);
      end if;
      if not v_is_first and not may_have_rows(v_position) then
        v_position.drained := true;
        continue;
      end if;
      if v_look.max_running is not null then v_new.open := v_position.open; end if;
      -- The b-tree takes one row comparison as its start, so the greater of the two starts is given.
      v_xid := greatest(v_position.to_xid, pg_snapshot_xmax(v_position.lo));
      v_id := case when v_xid = v_position.to_xid then v_position.to_id else -1 end;
      v_is_plain := v_is_first and not v_lanes.is_late[v_band + 1] and v_look.rate is null
        and v_xid > all (case when v_opened then v_lanes.long else long_running(v_position.hi) end);
      v_is_first := false;
      if v_look.has_quarantine or exists (select from flagged f where f.lane = v_position.lane) then
        return query select * from claim_flagged(v_position, v_new, v_left, v_look.rate_burst);
      elsif v_is_plain then
        -- The common claim.
        v_first_running := first_running(v_position.hi, v_xid);
        return query
          with w as materialized (
            select r.* from rows_after(v_position.lane, v_position.hi, v_first_running, v_xid, v_id,
                                       pg_snapshot_xmax(v_position.hi), v_left) r),
          last as ( -- in the order in which they were read; a sort would cost as much as the claim
            select (array_agg(w.xid))[count(*)] xid, (array_agg(w.id))[count(*)] id, count(*) n
            from w),
          k as (
            insert into claim (segment, lane, seq, epoch, lo, hi, from_xid, from_id, to_xid, to_id,
                               n, drained, turn, open)
            select v_new.segment, v_position.lane, v_position.seq + 1, v_new.epoch, v_position.lo,
              v_position.hi, v_position.to_xid, v_position.to_id, last.xid, last.id, last.n,
              last.n < v_left, v_new.turn, v_new.open
            from last where last.n > 0)
          select w.* from w;
      else
        return query select * from claim_window(v_position, v_new, v_left, v_look.rate_burst);
      end if;
      get diagnostics v_found = row_count;
      v_left := v_left - v_found;
      if v_found > 0 then return next claim_end(v_position.lane, v_position.seq + 1); end if;
      exit when v_found > 0 and v_look.rate is null;
      -- Either the window held nothing more, or all that was taken had to be withheld.
      v_latest := lane_position(v_position.lane, v_new.segment);
      if v_look.rate is not null then
        if v_latest.seq > v_position.seq then
          v_new.spent := v_latest.spent;
          v_left := least(v_left, floor(v_look.rate_burst - v_new.spent));
          -- A costly job that must wait for the bucket is not overtaken by the bands after it.
          if not v_latest.drained and v_found > 0 then return; end if;
        elsif has_rows(v_position) then
          return;
        end if;
        exit when v_found > 0 or v_left <= 0;
      end if;
      if v_latest.seq > v_position.seq then
        v_position := v_latest;
      else
        v_position.drained := true;
      end if;
    end loop;
    exit when v_left <= 0;
  end loop;
end $$;

-- The row behind the jobs of a claim, which names it: it has no kind, the claim's lane, and its seq as id.
create or replace function claim_end(p_lane int, p_seq bigint) returns job
language sql immutable
as $$
  select ('0'::xid8, p_seq, null::timestamptz, 0, p_lane, 0::smallint, 0::smallint, null::text,
          null::json, null::text, null::text, null::jsonb)::job
$$;

-- The same for people and other programs: each job with the claim (lane, seq) that it belongs to.
create or replace function claim(p_epoch uuid, p_session int, p_queue text, p_limit int)
returns table (lane int, seq bigint, id bigint, attempt smallint, crashes smallint, kind text,
  payload jsonb, meta jsonb, enqueued_at timestamptz)
language sql security definer set search_path from current
as $$
  with r as materialized (
    select * from claim_rows(p_epoch, p_session, p_queue, p_limit) with ordinality r (
      xid, id, enqueued_at, segment, lane, attempt, crashes, kind, payload, key, unique_key, meta, place)),
  named as ( -- by the nearest claim_end behind it
    select r.*, (min(array[r.place, r.id]) filter (where r.kind is null)
                   over (order by r.place desc))[2] seq
    from r)
  select n.lane, n.seq, n.id, n.attempt, n.crashes, n.kind, n.payload::jsonb, n.meta, n.enqueued_at
  from named n where n.kind is not null order by n.place
$$;

-- The same claim in any window: also of rows that transactions wrote which ran at the window's start, and
-- beside transactions that run for long. p_burst: the size of the queue's bucket, null without a rate.
create or replace function claim_window(
  p_position claim, p_new claim, p_limit int, p_burst int)
returns setof job
language plpgsql
as $$
declare
  v_tokens float8 := p_burst - p_new.spent; -- null: no rate
begin
  return query
    with w as materialized (
      select r.* from window_rows(p_position.lane, p_position.lo, p_position.hi,
                                  p_position.to_xid, p_position.to_id, p_limit) r),
    last as (
      select (array_agg(w.xid))[count(*)] xid, (array_agg(w.id))[count(*)] id, count(*) n,
        case when p_burst is null then null
          when exists (select from w where w.meta is not null) then (
            select sum(job_cost(w.meta, p_burst)) from w)
          else count(*) end cost
      from w),
    k as (
      insert into claim (segment, lane, seq, epoch, lo, hi, from_xid, from_id, to_xid, to_id,
                         n, drained, turn, open, spent, spent_at)
      select p_new.segment, p_position.lane, p_position.seq + 1, p_new.epoch, p_position.lo,
        p_position.hi, p_position.to_xid, p_position.to_id, last.xid, last.id, last.n,
        last.n < p_limit, p_new.turn, p_new.open, p_new.spent + last.cost, p_new.spent_at
      from last where last.n > 0 and (v_tokens is null or last.cost <= v_tokens))
    -- A condition without the row's own columns would have each row formed anew.
    select w.* from w
    where v_tokens is null
      or w.lane = (select p_position.lane from last where last.cost <= v_tokens);
  if v_tokens is not null and not found then
    return query select * from claim_affordable(p_position, p_new, p_limit, p_burst);
  end if;
end $$;

-- The claim of jobs that together cost more than the queue's bucket has: as many as it has enough for.
create or replace function claim_affordable(
  p_position claim, p_new claim, p_limit int, p_burst int)
returns setof job
language plpgsql
as $$
declare
  v_claim claim := claim_after(p_position, p_new);
  v_jobs job[];
  v_found int;
begin
  v_jobs := array(select r from window_rows(p_position.lane, p_position.lo, p_position.hi,
                    p_position.to_xid, p_position.to_id, p_limit) r);
  v_found := cardinality(v_jobs);
  v_jobs := affordable(v_jobs, p_burst, p_burst - p_new.spent);
  v_claim.n := cardinality(v_jobs);
  if v_claim.n = 0 then return; end if;
  v_claim.drained := v_claim.n = v_found and v_found < p_limit;
  v_claim.to_xid := v_jobs[v_claim.n].xid;
  v_claim.to_id := v_jobs[v_claim.n].id;
  v_claim.spent := p_new.spent + (
    select sum(job_cost(j.meta, p_burst)) from unnest(v_jobs) j);
  insert into claim select (v_claim).*;
  return query select j.* from unnest(v_jobs) j;
end $$;

-- The claim of a lane that has flagged rows, or while a kind is quarantined: takes a suspect (it has
-- crashed workers) alone and hands out what pass_flags lets through. p_burst: the size of the queue's
-- bucket, null without a rate.
create or replace function claim_flagged(
  p_position claim, p_new claim, p_limit int, p_burst int)
returns setof job
language plpgsql
as $$
declare
  v_claim claim := claim_after(p_position, p_new);
  v_jobs job[];
  v_suspect int;
  v_withheld bigint[];
begin
  -- A suspect cuts the batch: it is no use to read far beyond the first.
  if exists (select from flagged f where f.lane = p_position.lane and f.flag = 'suspect') then
    p_limit := least(p_limit, 16);
  end if;
  v_jobs := array(select r from window_rows(p_position.lane, p_position.lo, p_position.hi,
                    p_position.to_xid, p_position.to_id, p_limit) r);
  v_claim.drained := cardinality(v_jobs) < p_limit;
  select min(j.place) into v_suspect
    from unnest(v_jobs) with ordinality j (xid, id, enqueued_at, segment, lane, attempt, crashes, kind,
                                           payload, key, unique_key, meta, place)
      join flagged f on f.lane = p_position.lane and f.flag = 'suspect' and f.id = j.id;
  if v_suspect is not null then
    v_claim.drained := false;
    v_jobs := v_jobs[1:greatest(v_suspect - 1, 1)];
  end if;
  if p_burst is not null then
    v_suspect := cardinality(v_jobs);
    v_jobs := affordable(v_jobs, p_burst, p_burst - p_new.spent);
    if cardinality(v_jobs) < v_suspect then v_claim.drained := false; end if;
  end if;
  if cardinality(v_jobs) = 0 then return; end if;

  v_withheld := pass_flags(v_jobs);
  v_claim.n := cardinality(v_jobs);
  v_claim.to_xid := v_jobs[v_claim.n].xid;
  v_claim.to_id := v_jobs[v_claim.n].id;
  if p_burst is not null then
    v_claim.spent := p_new.spent + (
      select coalesce(sum(job_cost(j.meta, p_burst)), 0) from unnest(v_jobs) j
      where j.id <> all (v_withheld));
  end if;
  insert into claim select (v_claim).*;
  if cardinality(v_withheld) > 0 then
    insert into closure (segment, lane, seq, ids, final)
      values (p_new.segment, v_claim.lane, v_claim.seq, v_withheld,
              cardinality(v_withheld) = v_claim.n);
  end if;
  return query select j.* from unnest(v_jobs) j where j.id <> all (v_withheld);
end $$;

-- The claim row that follows a position, without its end.
create or replace function claim_after(p_position claim, p_new claim) returns claim
language plpgsql
as $$
begin
  p_new.lane := p_position.lane;
  p_new.seq := p_position.seq + 1;
  p_new.lo := p_position.lo;
  p_new.hi := p_position.hi;
  p_new.from_xid := p_position.to_xid;
  p_new.from_id := p_position.to_id;
  p_new.at := clock_timestamp();
  return p_new;
end $$;

-- Looks at the flags of jobs of one lane that are about to be handed out and returns those that must
-- not be: cancelled jobs are over; replaced jobs get their replacements (see 22_unique.sql); a unique
-- job whose key a producer holds right now goes back to wait 50 ms, so that it starts with a view of
-- that producer's commit; those of quarantined kinds are parked. The unique keys of the others are released where they are held only while
-- a job waits.
create or replace function pass_flags(p_jobs job[]) returns bigint[]
language plpgsql
as $$
declare
  v_lane int := p_jobs[1].lane;
  v_ids bigint[] := array(select j.id from unnest(p_jobs) j);
  v_cancelled bigint[];
  v_keyed bigint[];
  v_free bigint[];
  v_replaced bigint[];
  v_withheld bigint[];
  v_parked bigint[];
begin
  v_cancelled := array(select f.id from flagged f
    where f.lane = v_lane and f.flag = 'cancelled' and f.id = any (v_ids));
  v_keyed := array(select f.id from flagged f
    where f.lane = v_lane and f.flag = 'unique' and f.id = any (v_ids)
      and f.id <> all (v_cancelled));
  v_free := array(select u.id from unique_key u where u.id = any (v_keyed) for update skip locked);
  v_replaced := array(select u.id from unique_key u
    where u.id = any (v_free) and u.replacement is not null);
  v_withheld := v_cancelled || v_replaced || array(select k from unnest(v_keyed) k
    where k <> all (v_free) and exists (select from unique_key u where u.id = k));
  delete from unique_key u
    where u.id = any (v_free) and u.id <> all (v_replaced) and u.scope = 'waiting';
  delete from flagged f where f.lane = v_lane and f.id = any (v_ids);
  v_parked := park_quarantined(array(
    select j from unnest(p_jobs) j where j.id <> all (v_withheld)));
  if cardinality(v_withheld) = 0 then return v_parked; end if;
  perform add_event(j.id, j.attempt, 'cancelled', 'before it started', null)
    from unnest(p_jobs) j where j.id = any (v_cancelled);
  insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                        meta, state, run_at)
    select j.id, j.lane, j.attempt, j.crashes, j.enqueued_at, j.kind, j.payload, j.key,
      j.unique_key, j.meta, 'scheduled', clock_timestamp() + interval '50 ms'
    from unnest(p_jobs) j where j.id = any (v_withheld) and j.id <> all (v_cancelled || v_replaced);
  perform put_replacement(j) from unnest(p_jobs) j where j.id = any (v_replaced);
  return v_withheld || v_parked;
end $$;
