-- The least schema that the protocol of claim and settle can run on: a position-based claim under the
-- lock of its lane, and one row that settles a whole claim. No priorities, limits, keys, flags,
-- pauses or results. Run by scripts/compare, in a database of its own.

create schema plain;
set search_path = plain;

create sequence job_id;
create table ring (
  only_row bool primary key default true check (only_row),
  head int not null
);
insert into ring (head) values (0);

create table job (
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('job_id'),
  segment int not null,
  lane int not null,
  attempt smallint not null default 1,
  crashes smallint not null default 0,
  kind text not null,
  payload jsonb not null,
  at timestamptz not null default now()
) partition by list (segment);

create table claim (
  segment int not null,
  lane int not null,
  seq bigint not null,
  epoch uuid not null,
  lo pg_snapshot not null,
  hi pg_snapshot not null,
  from_xid xid8 not null,
  from_id bigint not null,
  to_xid xid8 not null,
  to_id bigint not null,
  n int not null,
  at timestamptz not null default clock_timestamp()
) partition by list (segment);

create table closure (
  segment int not null,
  lane int not null,
  seq bigint not null,
  done bigint[],
  final bool not null,
  at timestamptz not null default clock_timestamp()
) partition by list (segment);

do $$
begin
  for v_segment in 0..3 loop
    execute format('create table job_%s partition of job for values in (%s)', v_segment, v_segment);
    execute format('create table claim_%s partition of claim for values in (%s)', v_segment, v_segment);
    execute format('create table closure_%s partition of closure for values in (%s)', v_segment,
      v_segment);
  end loop;
end $$;
create index on job (lane, xid, id);
create index on claim (lane, seq);
create index on claim (epoch);
create index on closure (lane, seq);

create table held (
  epoch uuid not null,
  lane int not null,
  seq bigint not null,
  id bigint not null,
  primary key (lane, seq, id)
);
create table worker (
  epoch uuid primary key,
  dead bool not null default false
);

-- The rows of the window (lo, hi] of a lane after a position, in log order.
create function window_rows(
  p_lane int, lo pg_snapshot, hi pg_snapshot, after_xid xid8, after_id bigint, p_n int)
returns table (xid xid8, id bigint, attempt smallint, crashes smallint, kind text, payload jsonb)
language plpgsql
set enable_bitmapscan = off set enable_seqscan = off set jit = off
set plan_cache_mode = force_generic_plan set search_path from current
as $$
declare
  late xid8[] := array(
    select x from pg_snapshot_xip(lo) x
    where pg_visible_in_snapshot(x, hi) and x >= after_xid order by x);
  rx xid8 := after_xid;
  ri bigint := after_id;
begin
  if rx < pg_snapshot_xmax(lo) then rx := pg_snapshot_xmax(lo); ri := -1; end if;
  return query
    select * from (
      (select j.xid, j.id, j.attempt, j.crashes, j.kind, j.payload
       from unnest(late) x, job j
       where j.lane = p_lane and j.xid = x and (j.xid, j.id) > (after_xid, after_id)
       order by j.xid, j.id limit p_n)
      union all
      (select j.xid, j.id, j.attempt, j.crashes, j.kind, j.payload
       from job j
       where j.lane = p_lane and (j.xid, j.id) > (rx, ri) and j.xid < pg_snapshot_xmax(hi)
         and pg_visible_in_snapshot(j.xid, hi)
       order by j.xid, j.id limit p_n)) rows
    limit p_n;
end $$;

create function check_alive(p_epoch uuid) returns void
language plpgsql set search_path from current
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended(p_epoch::text, 1));
  if not exists (select from worker w where w.epoch = p_epoch and not w.dead) then
    raise exception 'epoch is dead';
  end if;
end $$;

create function claim(p_epoch uuid, p_lane int, p_n int)
returns table (seq bigint, id bigint, attempt smallint, crashes smallint, kind text, payload jsonb)
language plpgsql set search_path from current
as $$
declare
  v_last claim;
  v_now pg_snapshot;
begin
  perform check_alive(p_epoch);
  perform pg_advisory_xact_lock(77, p_lane);
  select * into v_last from claim c where c.lane = p_lane order by c.seq desc limit 1;
  for v_window in 1..2 loop
    return query
      with w as materialized (
        select * from window_rows(p_lane, v_last.lo, v_last.hi, v_last.to_xid, v_last.to_id, p_n)),
      e as (
        select w.xid, w.id, count(*) over () n from w order by w.xid desc, w.id desc limit 1),
      k as (
        insert into claim
        select r.head, p_lane, v_last.seq + 1, p_epoch, v_last.lo, v_last.hi, v_last.to_xid,
          v_last.to_id, e.xid, e.id, e.n
        from e, ring r)
      select v_last.seq + 1, w.id, w.attempt, w.crashes, w.kind, w.payload from w;
    exit when found;
    v_now := pg_current_snapshot();
    exit when v_now::text = v_last.hi::text;
    v_last.lo := v_last.hi;
    v_last.hi := v_now;
    v_last.to_xid := '0';
    v_last.to_id := 0;
  end loop;
end $$;

create function settle(p_epoch uuid, p_lane int, p_seq bigint, p_done bigint[], p_final bool)
returns void
language plpgsql set search_path from current
as $$
begin
  perform pg_advisory_xact_lock_shared(78, 0);
  perform check_alive(p_epoch);
  delete from held h
    where h.lane = p_lane and h.seq = p_seq and (p_final or h.id = any (p_done));
  if found then return; end if;
  if not exists (
    select from claim c where c.lane = p_lane and c.seq = p_seq and c.epoch = p_epoch) then
    raise exception 'claim is gone';
  end if;
  insert into closure (segment, lane, seq, done, final)
    select r.head, p_lane, p_seq, p_done, p_final from ring r;
end $$;

-- Everything as at first.
create function reset() returns void
language sql set search_path from current
as $$
  truncate job, claim, closure, held, worker;
  insert into claim
    select 0, 1, 0, gen_random_uuid(), s, s, '0', 0, '0', 0, 0 from pg_current_snapshot() s;
$$;
