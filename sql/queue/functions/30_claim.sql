-- Claiming: a worker takes the next rows of a queue. The newest claim row of a lane is its read
-- position; nothing is updated or deleted on this path.

-- The order in which a claim looks at the bands. Urgent first, but of 16 turns the high band comes
-- first in two, the normal band in two and the low band in one, so that no band starves.
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
-- row where none is to be had or the queue is paused. One call may append claims of several lanes:
-- (lane, seq) names the claim that each job belongs to.
-- Errors: OG001 dead worker, OG003 replaced session, OG004 unknown queue, OG008 isolation level.
create or replace function claim(p_epoch uuid, p_session int, p_queue text, p_limit int)
returns table (lane int, seq bigint, id bigint, attempt smallint, crashes smallint, kind text,
  payload jsonb, meta jsonb, enqueued_at timestamptz)
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_queue queue;
  v_band int;
  v_position claim;
  v_left int := p_limit;
  v_found int;
  v_positions claim[];
  v_latest claim;
  v_turn bigint := 0;
  v_opened bool;
  v_head int;
  v_now pg_snapshot;
begin
  perform require_read_committed('claim');
  perform hold_epoch(p_epoch, p_session);
  v_queue := queue_named(p_queue);
  if v_queue.paused_at is not null or p_limit <= 0 then return; end if;
  perform pg_advisory_xact_lock(lock_key('queue', v_queue.id::text));
  perform pg_advisory_xact_lock_shared(lock_key('rotation', ''));
  v_head := head_segment();
  for v_band in 0..3 loop
    v_positions[v_band] := lane_position(v_queue.id * 4 + v_band);
    v_turn := v_turn + v_positions[v_band].seq;
  end loop;
  foreach v_band in array band_order(v_turn) loop
    v_position := v_positions[v_band];
    v_opened := false;
    loop
      if v_position.drained then
        v_now := window_snapshot();
        exit when v_opened or v_now::text = v_position.hi::text;
        v_position := next_window(v_position, v_now);
        v_opened := true;
      end if;
      if not may_have_rows(v_position) then
        v_position.drained := true;
        continue;
      end if;
      if exists (select from flagged f where f.lane = v_position.lane) then
        return query select * from claim_flagged(v_position, p_epoch, v_left, v_head);
      else
        return query
          with w as materialized (
            select r.id, r.attempt, r.crashes, r.kind, r.payload, r.meta, r.enqueued_at, r.xid
            from window_rows(v_position.lane, v_position.lo, v_position.hi,
                             v_position.to_xid, v_position.to_id, v_left) r),
          last as (
            select w.xid, w.id, count(*) over () n from w order by w.xid desc, w.id desc limit 1),
          k as (
            insert into claim (segment, lane, seq, epoch, lo, hi, from_xid, from_id, to_xid, to_id,
                               n, drained)
            select v_head, v_position.lane, v_position.seq + 1, p_epoch, v_position.lo,
              v_position.hi, v_position.to_xid, v_position.to_id, last.xid, last.id, last.n,
              last.n < v_left
            from last)
          select v_position.lane, v_position.seq + 1, w.id, w.attempt, w.crashes, w.kind, w.payload,
            w.meta, w.enqueued_at
          from w;
      end if;
      get diagnostics v_found = row_count;
      v_left := v_left - v_found;
      exit when v_found > 0;
      -- Either the window held nothing more, or all that was taken had to be withheld.
      v_latest := lane_position(v_position.lane);
      if v_latest.seq > v_position.seq then
        v_position := v_latest;
      else
        v_position.drained := true;
      end if;
    end loop;
    exit when v_left <= 0;
  end loop;
end $$;

-- The position at the start of the window that follows.
create or replace function next_window(p_position claim, p_now pg_snapshot) returns claim
language plpgsql immutable
as $$
begin
  p_position.lo := p_position.hi;
  p_position.hi := p_now;
  p_position.to_xid := '0';
  p_position.to_id := 0;
  p_position.drained := false;
  return p_position;
end $$;

-- The claim of a lane that has flagged rows: withholds cancelled jobs, takes a suspect (it has
-- crashed workers) alone, puts replacements (see 22_unique.sql) in place, and releases the unique keys
-- that are held only while a job waits. A unique job whose key a producer holds right now goes back to
-- wait 50 ms, so that it starts with a view of that producer's commit.
create or replace function claim_flagged(
  p_position claim, p_epoch uuid, p_limit int, p_head int)
returns table (lane int, seq bigint, id bigint, attempt smallint, crashes smallint, kind text,
  payload jsonb, meta jsonb, enqueued_at timestamptz)
language plpgsql
as $$
#variable_conflict use_column
declare
  v_claim claim := p_position;
  v_ids bigint[];
  v_suspect int;
  v_cancelled bigint[];
  v_keyed bigint[];
  v_free bigint[];
  v_replaced bigint[];
  v_withheld bigint[];
begin
  -- A suspect cuts the batch: it is no use to read far beyond the first.
  if exists (select from flagged f where f.lane = p_position.lane and f.flag = 'suspect') then
    p_limit := least(p_limit, 16);
  end if;
  v_ids := array(select r.id from window_rows(p_position.lane, p_position.lo, p_position.hi,
                   p_position.to_xid, p_position.to_id, p_limit) r);
  if cardinality(v_ids) = 0 then return; end if;
  select min(array_position(v_ids, f.id)) into v_suspect
    from flagged f where f.lane = p_position.lane and f.flag = 'suspect' and f.id = any (v_ids);
  if v_suspect is not null then v_ids := v_ids[1:greatest(v_suspect - 1, 1)]; end if;

  v_claim.segment := p_head;
  v_claim.seq := p_position.seq + 1;
  v_claim.epoch := p_epoch;
  v_claim.from_xid := p_position.to_xid;
  v_claim.from_id := p_position.to_id;
  v_claim.n := cardinality(v_ids);
  v_claim.drained := v_suspect is null and v_claim.n < p_limit;
  v_claim.at := clock_timestamp();
  select r.xid, r.id into v_claim.to_xid, v_claim.to_id
    from claimed_rows(v_claim) r order by r.xid desc, r.id desc limit 1;
  insert into claim select (v_claim).*;

  v_cancelled := array(select f.id from flagged f
    where f.lane = p_position.lane and f.flag = 'cancelled' and f.id = any (v_ids));
  v_keyed := array(select f.id from flagged f
    where f.lane = p_position.lane and f.flag = 'unique' and f.id = any (v_ids)
      and f.id <> all (v_cancelled));
  v_free := array(select u.id from unique_key u where u.id = any (v_keyed) for update skip locked);
  v_replaced := array(select u.id from unique_key u
    where u.id = any (v_free) and u.replacement is not null);
  v_withheld := v_cancelled || v_replaced || array(select k from unnest(v_keyed) k
    where k <> all (v_free) and exists (select from unique_key u where u.id = k));
  delete from unique_key u
    where u.id = any (v_free) and u.id <> all (v_replaced) and u.scope = 'waiting';
  delete from flagged f where f.lane = p_position.lane and f.id = any (v_ids);

  if cardinality(v_withheld) > 0 then
    perform add_event(r.id, r.attempt, 'cancelled', 'before it started', null)
      from claimed_rows(v_claim) r where r.id = any (v_cancelled);
    insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                          meta, state, run_at)
      select r.id, r.lane, r.attempt, r.crashes, r.enqueued_at, r.kind, r.payload, r.key,
        r.unique_key, r.meta, 'scheduled', clock_timestamp() + interval '50 ms'
      from claimed_rows(v_claim) r
      where r.id = any (v_withheld) and r.id <> all (v_cancelled || v_replaced);
    insert into closure (segment, lane, seq, ids, final)
      values (p_head, v_claim.lane, v_claim.seq, v_withheld, cardinality(v_withheld) = v_claim.n);
    perform put_replacement(r) from claimed_rows(v_claim) r where r.id = any (v_replaced);
  end if;
  return query
    select v_claim.lane, v_claim.seq, r.id, r.attempt, r.crashes, r.kind, r.payload, r.meta,
      r.enqueued_at
    from claimed_rows(v_claim) r where r.id <> all (v_withheld);
end $$;
