-- Rotation: the oldest segment of the ring is emptied and becomes the head. What is still needed of
-- it is carried forward first; nothing that is unsettled is ever truncated.

-- Whether the head is old or large enough (table setting), or has no index by id although the ring turns slowly.
create or replace function rotation_due() returns bool
language plpgsql
as $$
declare
  v_setting setting := (select s from setting s);
  v_head rotation;
  v_bytes bigint;
begin
  select * into v_head from rotation order by seq desc limit 1;
  v_bytes := pg_relation_size('job_' || v_head.segment) + pg_relation_size('claim_' || v_head.segment)
    + pg_relation_size('closure_' || v_head.segment);
  return v_bytes >= v_setting.rotate_bytes
    or (v_bytes > 0 and v_head.at < clock_timestamp() - v_setting.rotate_after)
    or (v_bytes > 0 and not turns_fast(v_head.at) and id_index(v_head.segment) is null);
end $$;

-- Rotates where that is due. Returns 'not due', 'behind' (more waits in the oldest segment than a rotation
-- may carry, because nobody can claim meanwhile: the head grows until the workers have caught up), 'busy'
-- (somebody uses the oldest segment; try again later) or what was done.
create or replace function rotate_if_due() returns text
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform point_writers();
  if not rotation_due() then return 'not due'; end if;
  if waits_in((head_segment() + 1) % 4, (select s.rotate_carry from setting s)) then return 'behind'; end if;
  return rotate();
end $$;

-- Whether single jobs are written elsewhere than at the head: a rotation failed after it had pointed them there.
create or replace function are_writers_astray() returns bool
language sql stable
as $$ select pg_sequence_last_value('write_segment') <> head_segment() $$;

-- Has single jobs written at the head. A sequence does not roll back, so who calls this in vain lets them
-- be written into a segment that is not empty, until the next call: they are claimed from there as well.
create or replace function point_writers() returns void
language plpgsql
as $$
begin
  if are_writers_astray() then perform setval('write_segment', head_segment()); end if;
end $$;

-- Whether more than p_count jobs of a segment wait to be claimed. Reads no more than those.
create or replace function waits_in(p_segment int, p_count int) returns bool
language plpgsql
as $$
declare
  v_lane int;
  v_position claim;
  v_left bigint := p_count + 1;
begin
  for v_lane in select * from lanes_of('job_' || p_segment) loop
    v_position := lane_position(v_lane);
    v_left := v_left - (
      select count(*) from (
        select from job j
        where j.segment = p_segment and j.lane = v_lane
          and j.xid >= pg_snapshot_xmin(v_position.lo) -- what is_ahead implies, as an index range
          and is_ahead(v_position, j.xid, j.id)
        limit v_left) x);
    if v_left <= 0 then return true; end if;
  end loop;
  return false;
end $$;

-- Empties the next segment of the ring and makes it the head. Waits at most 100 ms for the lock, and
-- 25 ms for the segment.
create or replace function rotate() returns text
language plpgsql security definer set search_path from current set lock_timeout = '100ms'
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_from rotation;
  v_next int;
  v_moved bigint;
  v_held bigint;
begin
  perform require_read_committed('rotate');
  perform pg_advisory_xact_lock(lock_key('rotation', ''));
  select * into v_from from rotation order by seq desc limit 1;
  v_next := (v_from.segment + 1) % 4;
  if not lock_segment(v_next) then return 'busy'; end if;
  v_held := hold_open_claims(v_next, v_from.segment);
  v_moved := carry_unclaimed(v_next, v_from.segment);
  perform carry_positions(v_next, v_from.segment);
  perform clear_segment(v_next);
  perform set_id_index(v_next, not turns_fast(v_from.at));
  insert into rotation (seq, segment, moved, held) values (v_from.seq + 1, v_next, v_moved, v_held);
  perform point_writers();
  return format('segment %s: %s jobs moved, %s held', v_next, v_moved, v_held);
exception when lock_not_available then
  return 'busy';
end $$;

-- Drops all rows of a segment, whatever becomes of them.
create or replace function clear_segment(p_segment int) returns void
language plpgsql set search_path from current
as $$
begin
  execute format('truncate job_%1$s, claim_%1$s, closure_%1$s', p_segment);
  perform begin_id_index(p_segment);
end $$;

-- Locks the tables of a segment; false: somebody writes there, or reads for long. Tries again and again
-- instead of waiting in line: nobody can claim meanwhile, a reader that has some of the tables and comes
-- for the next would be waited for in a circle, and whoever comes for the segment would stand behind us.
create or replace function lock_segment(p_segment int) returns bool
language plpgsql
as $$
begin
  for v_try in 1..6 loop
    begin
      execute format('lock table job_%1$s, claim_%1$s, closure_%1$s in access exclusive mode nowait',
        p_segment);
      return true;
    exception when lock_not_available then
      if v_try < 6 then perform pg_sleep(0.005); end if;
    end;
  end loop;
  return false;
end $$;

-- Open claims that lie in the segment, or whose rows do: their unsettled rows move to `held`.
create or replace function hold_open_claims(p_segment int, p_head int) returns bigint
language plpgsql
as $$
declare
  v_newest xid8 := newest_xid('job_' || p_segment);
  v_claim claim;
  v_count bigint := 0;
  v_step bigint;
begin
  for v_claim in
    select c.* from claim c join worker w on w.epoch = c.epoch and w.ended_at is null
    where c.n > 0
      and (c.segment = p_segment
           or (v_newest is not null
               and greatest(c.from_xid, case when c.from_xid = '0' then pg_snapshot_xmin(c.lo)
                                        else c.from_xid end) <= v_newest))
      and not exists (select from closure x where x.lane = c.lane and x.seq = c.seq and x.final)
  loop
    continue when v_claim.segment <> p_segment and not exists (
      select from claimed_rows(v_claim) r where r.segment = p_segment);
    insert into held (lane, seq, id, epoch, attempt, crashes, enqueued_at, kind, payload, key,
                      unique_key, meta, claimed_n, claimed_at)
      select r.lane, v_claim.seq, r.id, v_claim.epoch, r.attempt, r.crashes, r.enqueued_at, r.kind,
        r.payload, r.key, r.unique_key, r.meta, v_claim.n, v_claim.at
      from unsettled_rows(v_claim) r;
    get diagnostics v_step = row_count;
    v_count := v_count + v_step;
    if v_claim.segment <> p_segment then
      insert into closure (segment, lane, seq, ids, final)
        values (p_head, v_claim.lane, v_claim.seq, null, true);
    end if;
  end loop;
  return v_count;
end $$;

-- The greatest xid in a partition of job, lane by lane through its index.
create or replace function newest_xid(p_partition text) returns xid8
language plpgsql set enable_seqscan = off set jit = off
as $$
declare
  v_lane int;
  v_xid xid8;
  v_newest xid8;
begin
  for v_lane in select * from lanes_of(p_partition) loop
    execute format('select xid from %I where lane = $1 order by xid desc limit 1', p_partition)
      into v_xid using v_lane;
    if v_newest is null or v_xid > v_newest then v_newest := v_xid; end if;
  end loop;
  return v_newest;
end $$;

-- Rows of the segment that nobody has claimed are appended again at the head; those of keyed queues
-- are sorted, because behind newer rows of their keys they would lose their places.
create or replace function carry_unclaimed(p_segment int, p_head int) returns bigint
language plpgsql
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_lane int;
  v_position claim;
  v_count bigint := 0;
  v_step bigint;
begin
  for v_lane in select * from lanes_of('job_' || p_segment) loop
    v_position := lane_position(v_lane);
    if exists (select from queue q where q.id = v_lane / 4 and q.key_order is not null) then
      v_count := v_count + sort_segment(p_segment, v_position);
      continue;
    end if;
    insert into job (segment, lane, id, attempt, crashes, kind, payload, enqueued_at, key,
                     unique_key, meta)
      select p_head, j.lane, j.id, j.attempt, j.crashes, j.kind, j.payload, j.enqueued_at, j.key,
        j.unique_key, j.meta
      from job j
      where j.segment = p_segment and j.lane = v_lane
        and j.xid >= pg_snapshot_xmin(v_position.lo) -- what is_ahead implies, as an index range
        and is_ahead(v_position, j.xid, j.id)
      order by j.xid, j.id;
    get diagnostics v_step = row_count;
    v_count := v_count + v_step;
  end loop;
  return v_count;
end $$;

-- Read positions that lie in the segment are written again at the head.
create or replace function carry_positions(p_segment int, p_head int) returns void
language plpgsql
as $$
declare
  v_lane int;
  v_position claim;
begin
  for v_lane in select * from lanes_of('claim_' || p_segment) loop
    v_position := lane_position(v_lane);
    if v_position.segment = p_segment then perform carry_position(v_position, p_head); end if;
  end loop;
end $$;

-- The lanes that have rows in a partition, found by jumping through its index: the cost grows with
-- the lanes, not with the rows.
create or replace function lanes_of(p_partition text) returns setof int
language plpgsql set enable_seqscan = off set jit = off
as $$
declare
  v_lane int;
begin
  execute format('select min(lane) from %I', p_partition) into v_lane;
  while v_lane is not null loop
    return next v_lane;
    execute format('select min(lane) from %I where lane > $1', p_partition) into v_lane using v_lane;
  end loop;
end $$;
