-- The log as a claim sees it.

-- The snapshot of this statement with the own transaction counted as running: a row that this
-- transaction still adds must lie in a later window, or it would be passed over.
create or replace function window_snapshot() returns pg_snapshot
language plpgsql
as $$
declare
  v_now pg_snapshot := pg_current_snapshot();
  v_own xid8 := pg_current_xact_id_if_assigned();
begin
  if v_own is null or not pg_visible_in_snapshot(v_own, v_now) then
    return v_now;
  end if;
  return format('%s:%s:%s', least(pg_snapshot_xmin(v_now), v_own), pg_snapshot_xmax(v_now),
    (select string_agg(x::text, ',' order by x)
     from (select pg_snapshot_xip(v_now) x union select v_own) running))::pg_snapshot;
end $$;

-- The first transaction from p_from on that ran in a snapshot; the snapshot's end where none did.
create or replace function first_running(p_snapshot pg_snapshot, p_from xid8) returns xid8
language plpgsql immutable
as $$
declare
  v_end xid8 := pg_snapshot_xmax(p_snapshot);
begin
  if pg_snapshot_xmin(p_snapshot) = v_end then return v_end; end if;
  return coalesce(
    (select x from pg_snapshot_xip(p_snapshot) x where x >= p_from order by x limit 1), v_end);
end $$;

-- Up to p_limit rows of one lane that are visible in p_hi, after a position and before p_until, in
-- (xid, id) order. One SELECT, so that a caller's statement takes it in.
--   p_running  first_running(p_hi, p_xid): what lies before it is visible without a look, which costs
--              eight times as much as the comparison
create or replace function rows_after(
  p_lane int, p_hi pg_snapshot, p_running xid8, p_xid xid8, p_id bigint, p_until xid8, p_limit int)
returns setof job
language sql stable
as $$
  select j.* from job j
  where j.lane = p_lane and (j.xid, j.id) > (p_xid, p_id)
    and j.xid < p_until
    and (j.xid < p_running or pg_visible_in_snapshot(j.xid, p_hi))
  order by j.xid, j.id limit p_limit
$$;

-- Up to p_limit rows of one lane that are visible in p_hi and not in p_lo, after a position, in
-- (xid, id) order: first rows of transactions that ran in p_lo (each found by its exact xid), then
-- everything from xmax(p_lo) on, but not through the rows of transactions that still run and may have
-- written a million. Reading by "id > last" would lose late commits; "xid < xmin" would let one long
-- writer stop the queue.
-- Functions that call this pin the plan with their settings (jit, enable_bitmapscan, enable_seqscan,
-- plan_cache_mode): a bitmap scan with a sort, or JIT, makes it hundreds of times slower. The
-- settings are theirs and not repeated here, because each costs a microsecond a call.
create or replace function window_rows(
  p_lane int, p_lo pg_snapshot, p_hi pg_snapshot, p_after_xid xid8, p_after_id bigint, p_limit int)
returns setof job
language plpgsql stable
as $$
declare
  v_late xid8[] := array(
    select x from pg_snapshot_xip(p_lo) x
    where x >= p_after_xid and pg_visible_in_snapshot(x, p_hi) order by x);
  v_xid xid8 := p_after_xid;
  v_id bigint := p_after_id;
  v_left int := p_limit;
  v_found int;
  v_late_xid xid8;
  v_until xid8;
  v_running xid8;
begin
  foreach v_late_xid in array v_late loop
    return query
      select j.* from job j
      where j.lane = p_lane and j.xid = v_late_xid
        and j.id > case when v_late_xid = p_after_xid then p_after_id else -1 end
      order by j.id limit v_left;
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
    if v_left <= 0 then return; end if;
  end loop;
  -- The b-tree takes one row comparison as its start, so the greater of the two starts is given.
  if v_xid < pg_snapshot_xmax(p_lo) then
    v_xid := pg_snapshot_xmax(p_lo);
    v_id := -1;
  end if;
  v_running := first_running(p_hi, v_xid);
  foreach v_until in array long_running(p_hi) || pg_snapshot_xmax(p_hi) loop
    continue when v_until < v_xid;
    return query select * from rows_after(p_lane, p_hi, v_running, v_xid, v_id, v_until, v_left);
    get diagnostics v_found = row_count;
    v_left := v_left - v_found;
    if v_left <= 0 then return; end if;
    v_xid := v_until;
    v_id := 9223372036854775807;
  end loop;
end $$;

-- The oldest transactions that run in a snapshot and have run for long: over 64 others began since. At
-- most eight. Their rows, perhaps a million, are no one's to read yet, and a scan had better jump them.
create or replace function long_running(p_snapshot pg_snapshot) returns xid8[]
language plpgsql immutable
as $$
declare
  v_recent bigint;
begin
  if pg_snapshot_xmin(p_snapshot) = pg_snapshot_xmax(p_snapshot) then return '{}'; end if;
  v_recent := pg_snapshot_xmax(p_snapshot)::text::bigint - 64;
  if pg_snapshot_xmin(p_snapshot)::text::bigint >= v_recent then return '{}'; end if;
  return array(select x from pg_snapshot_xip(p_snapshot) x
               where x::text::bigint < v_recent order by x limit 8);
end $$;

-- The read positions of a queue's four lanes (index 1 to 4), and what lies after each in its window, or
-- in the next one, up to p_now, where its own is drained.
--   turn      the greatest of the four
--   is_ahead  there may be rows that no transaction of the window's start wrote; where not, the
--             lane is drained
--   is_late   there are rows of a transaction that ran at the window's start
--   long      long_running(p_now)
-- A statement for all of it at once, because starting one over the segments costs more than its few
-- index probes.
create or replace function look_ahead(
  p_queue_id int, p_head int, p_now pg_snapshot, out positions claim[], out turn bigint,
  out is_ahead bool[], out is_late bool[], out long xid8[])
language plpgsql
as $$
declare
  v_until xid8 := pg_snapshot_xmax(p_now);
  v_is_whole bool;
  v_is_torn bool;
begin
  long := long_running(p_now);
  for v_try in 1..2 loop
    select array_agg(w.position), max(w.turn), bool_and(w.seq is not null),
        bool_or(pg_snapshot_xmin(w.lo) < pg_snapshot_xmax(w.lo)),
        array_agg(case when not w.drained then true
          when pg_snapshot_xmax(w.lo) > all (long) then exists (
            select from job j
            where j.lane = w.lane and j.xid >= pg_snapshot_xmax(w.lo) and j.xid < v_until)
          else may_have_rows(next_window(w.position, p_now)) end)
      into positions, turn, v_is_whole, v_is_torn, is_ahead
      from (
        select l.lane, c.seq, c.drained, c.turn, c.position, case when c.drained then c.hi else c.lo end lo
        from generate_series(p_queue_id * 4, p_queue_id * 4 + 3) l (lane)
          left join lateral (
            select c.seq, c.lo, c.hi, c.drained, c.turn, c as position from claim c
            where c.segment = p_head and c.lane = l.lane order by c.seq desc limit 1) c on true
        order by l.lane) w;
    exit when v_is_whole;
    perform carry_to_head(p_queue_id, p_head);
  end loop;
  is_late := '{f,f,f,f}';
  if v_is_torn then is_late := late_lanes(positions, p_now); end if;
end $$;

-- Of each lane, whether there are rows of a transaction that ran at the start of its window. LIMIT makes
-- each of those a probe of the index: a join, which the planner could choose, might read the whole lane.
create or replace function late_lanes(p_positions claim[], p_now pg_snapshot) returns bool[]
language plpgsql
as $$
begin
  return array(
    select exists (
      select from pg_snapshot_xip(w.lo) x,
        lateral (select from job j where j.lane = w.lane and j.xid = x limit 1) written
      where x >= w.to_xid and pg_visible_in_snapshot(x, w.hi))
    from (
      -- As next_window has it, where the window is drained.
      select p.lane, case when p.drained then p.hi else p.lo end lo,
        case when p.drained then p_now else p.hi end hi,
        case when p.drained then '0' else p.to_xid end to_xid
      from unnest(p_positions) p) w
    order by w.lane);
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

-- Writes the read positions of a queue's four lanes that do not lie in the head segment there again, so
-- that the others need not be looked at.
create or replace function carry_to_head(p_queue_id int, p_head int) returns void
language plpgsql
as $$
begin
  -- A look into the index each: a join with what is not there would read all claims of the segment.
  for v_lane in p_queue_id * 4 .. p_queue_id * 4 + 3 loop
    if not exists (select from claim c where c.segment = p_head and c.lane = v_lane) then
      perform carry_position(lane_position(v_lane), p_head);
    end if;
  end loop;
end $$;

-- Writes a read position again at the head.
create or replace function carry_position(p_position claim, p_head int) returns claim
language plpgsql
as $$
begin
  p_position.segment := p_head;
  if p_position.open is not null then p_position.open := p_position.open || p_position.seq; end if;
  p_position.seq := p_position.seq + 1;
  p_position.from_xid := p_position.to_xid;
  p_position.from_id := p_position.to_id;
  p_position.n := 0;
  p_position.at := clock_timestamp();
  p_position.epoch := coalesce(p_position.epoch, no_worker());
  insert into claim select (p_position).*;
  return p_position;
end $$;

-- Whether window_rows may find a row from this position on. A cheap look, so that an empty lane costs
-- one index probe.
create or replace function may_have_rows(p_position claim) returns bool
language plpgsql stable
as $$
declare
  v_since xid8 := greatest(p_position.to_xid, pg_snapshot_xmax(p_position.lo));
  v_until xid8;
begin
  -- LIMIT as in late_lanes.
  if exists (
    select from pg_snapshot_xip(p_position.lo) x,
      lateral (select from job j where j.lane = p_position.lane and j.xid = x limit 1) written
    where x >= p_position.to_xid and pg_visible_in_snapshot(x, p_position.hi)) then
    return true;
  end if;
  foreach v_until in array long_running(p_position.hi) || pg_snapshot_xmax(p_position.hi) loop
    continue when v_until < v_since;
    if exists (select from job j where j.lane = p_position.lane
                 and (j.xid, j.id) >= (v_since, 0::bigint) and j.xid < v_until) then
      return true;
    end if;
    v_since := (v_until::text::bigint + 1)::text::xid8;
  end loop;
  return false;
end $$;

-- The rows of a claim, settled or not.
create or replace function claimed_rows(p_claim claim) returns setof job
language sql stable
as $$
  select * from window_rows(
    p_claim.lane, p_claim.lo, p_claim.hi, p_claim.from_xid, p_claim.from_id, p_claim.n)
$$;

create or replace function is_settled(p_claim claim, p_id bigint) returns bool
language sql stable
as $$
  select exists (
    select from closure c
    where c.lane = p_claim.lane and c.seq = p_claim.seq and (c.ids is null or p_id = any (c.ids)))
$$;

-- The rows of a claim that nobody settled.
create or replace function unsettled_rows(p_claim claim) returns setof job
language plpgsql stable
as $$
declare
  v_settled bigint[];
begin
  if exists (select from closure c
             where c.lane = p_claim.lane and c.seq = p_claim.seq and c.final) then
    return;
  end if;
  v_settled := array(
    select unnest(c.ids) from closure c where c.lane = p_claim.lane and c.seq = p_claim.seq);
  return query select r.* from claimed_rows(p_claim) r where r.id not in (select unnest(v_settled));
end $$;

-- The open claims of one worker.
create or replace function open_claims(p_epoch uuid) returns setof claim
language sql stable
as $$
  select c.* from claim c
  where c.epoch = p_epoch and c.n > 0
    and not exists (
      select from closure x where x.lane = c.lane and x.seq = c.seq and x.final)
$$;

-- The newest claim of a lane: its read position.
create or replace function lane_position(p_lane int) returns claim
language plpgsql stable
as $$
declare
  v_claim claim;
begin
  select * into v_claim from claim c where c.lane = p_lane order by c.seq desc limit 1;
  if found then return v_claim; end if;
  return (select first_position(p_lane, q.since) from queue q where q.id = p_lane / 4);
end $$;

-- The same, where it most likely lies in the head segment.
create or replace function lane_position(p_lane int, p_head int) returns claim
language plpgsql stable
as $$
declare
  v_claim claim;
begin
  select * into v_claim from claim c where c.segment = p_head and c.lane = p_lane
    order by c.seq desc limit 1;
  if found then return v_claim; end if;
  return lane_position(p_lane);
end $$;

-- A lane that nobody claimed from starts at the snapshot in which its queue was made.
create or replace function first_position(p_lane int, p_since pg_snapshot) returns claim
language plpgsql immutable
as $$
declare
  v_claim claim;
begin
  v_claim.lane := p_lane;
  v_claim.seq := 0;
  v_claim.lo := p_since;
  v_claim.hi := p_since;
  v_claim.from_xid := '0';
  v_claim.from_id := 0;
  v_claim.to_xid := '0';
  v_claim.to_id := 0;
  v_claim.n := 0;
  v_claim.drained := true;
  v_claim.turn := 0;
  return v_claim;
end $$;

-- True where a row of the log lies behind the read position: not claimed yet.
create or replace function is_ahead(p_position claim, p_xid xid8, p_id bigint) returns bool
language sql immutable
as $$
  select not pg_visible_in_snapshot(p_xid, p_position.lo)
    and not (pg_visible_in_snapshot(p_xid, p_position.hi)
             and (p_xid, p_id) <= (p_position.to_xid, p_position.to_id))
$$;

create or replace function head_segment() returns int
language plpgsql stable
as $$ begin return (select segment from rotation order by seq desc limit 1); end $$;
