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

-- Up to p_limit rows of one lane that are visible in p_hi and not in p_lo, after a position, in
-- (xid, id) order: first rows of transactions that ran in p_lo (each found by its exact xid), then
-- everything from xmax(p_lo) on. Reading by "id > last" would lose late commits; "xid < xmin" would
-- let one long writer stop the queue.
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
  return query
    select j.* from job j
    where j.lane = p_lane and (j.xid, j.id) > (v_xid, v_id)
      and j.xid < pg_snapshot_xmax(p_hi) and pg_visible_in_snapshot(j.xid, p_hi)
    order by j.xid, j.id limit v_left;
end $$;

-- Whether window_rows may find a row from this position on. A cheap look, so that an empty lane costs
-- one index probe; a row that is not committed yet also counts.
create or replace function may_have_rows(p_position claim) returns bool
language plpgsql stable
as $$
declare
  v_xid xid8 := greatest(p_position.to_xid, pg_snapshot_xmax(p_position.lo));
begin
  return exists (select from job j
                 where j.lane = p_position.lane and (j.xid, j.id) >= (v_xid, 0::bigint)
                   and j.xid < pg_snapshot_xmax(p_position.hi))
    or exists (select from pg_snapshot_xip(p_position.lo) x, job j
               where j.lane = p_position.lane and j.xid = x and x >= p_position.to_xid);
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
  return query select r.* from claimed_rows(p_claim) r where r.id <> all (v_settled);
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

-- The newest claim of a lane: its read position. A lane that nobody claimed from starts at the
-- snapshot in which its queue was made.
create or replace function lane_position(p_lane int) returns claim
language plpgsql stable
as $$
declare
  v_claim claim;
begin
  select * into v_claim from claim c where c.lane = p_lane order by c.seq desc limit 1;
  if not found then
    v_claim.lane := p_lane;
    v_claim.seq := 0;
    select q.since, q.since into v_claim.lo, v_claim.hi from queue q where q.id = p_lane / 4;
    v_claim.from_xid := '0';
    v_claim.from_id := 0;
    v_claim.to_xid := '0';
    v_claim.to_id := 0;
    v_claim.n := 0;
    v_claim.drained := true;
    v_claim.turn := 0;
  end if;
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
