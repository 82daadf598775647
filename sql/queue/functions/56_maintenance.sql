-- What this session is to the maintenance, or has just become, until it ends: 'leader' does it, a
-- 'deputy' stands by and meanwhile rescues those of its machine whom a leader that is frozen, or sits
-- elsewhere, would let lie, 'none' is one of the others.
--   p_process_space  where the caller sees processes; null: it cannot be a deputy
--   processes        a deputy's: those of living workers, for it to see which have ended
create or replace function try_lead(p_process_space text default null)
returns table (duty text, processes int[])
language plpgsql security definer set search_path from current
as $$
declare
  v_deputies bigint[] := deputy_keys(p_process_space);
begin
  if take_one(array[lock_key('lead', '')]) then
    perform pg_advisory_unlock(k) from unnest(v_deputies) k where holds_lock(k, pg_backend_pid());
    return query select 'leader', null::int[];
  elsif take_one(v_deputies) then
    return query select 'deputy', living_processes(p_process_space);
  else
    return query select 'none', null::int[];
  end if;
end $$;

-- The places of a process space's deputies. Three: one may be frozen, or lose its connection, while
-- another one is.
create or replace function deputy_keys(p_process_space text) returns bigint[]
language sql stable
as $$
  select array(
    select lock_key('deputy', n || ':' || p_process_space) from generate_series(1, 3) n
    where p_process_space is not null)
$$;

-- Takes one of the locks for this session, unless it holds one; false: others hold them all.
create or replace function take_one(p_keys bigint[]) returns bool
language plpgsql
as $$
declare
  v_key bigint;
begin
  -- Locks of one session add up; one is enough.
  if exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid = pg_backend_pid()
      and l.database = (select oid from pg_database where datname = current_database())
      and ((l.classid::bigint << 32) | l.objid::bigint) = any (p_keys))
  then return true; end if;
  foreach v_key in array p_keys loop
    if pg_try_advisory_lock(v_key) then return true; end if;
  end loop;
  return false;
end $$;

-- What the leader has to do now, told by one look that writes nothing: a queue where nothing happens
-- costs one such look now and then, whatever features it has. What it calls is in PL/pgSQL, which keeps its
-- plans: a function in SQL that is not taken into the statement is planned anew at each look.
--   lost        a worker's connection is gone, or its heartbeat is older than p_stale
--   next_due    seconds until the next deferred job is due; null: none waits. Alike for schedules and
--               for waits of workflows, where a signal that found nobody listening counts as due.
--   rotation    the head is old or large enough, or writers have to be pointed there
--   summary     ranges of the log are to be summarized
--   parked      a living worker knows the kind of a parked job
--   processes   those of living workers in p_process_space, for the leader to see which have ended
create or replace function maintenance_due(
  p_stale interval default '15 seconds', p_process_space text default null)
returns table (
  lost bool, next_due float8, next_tick float8, next_wait float8, rotation bool, summary bool,
  parked bool, processes int[])
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  lost := exists (
    select from heartbeat h
    where h.missing_since is not null or h.at < v_now - p_stale
      or h.epoch not in (select connected_workers()));
  next_due := date_part('epoch', (select min(d.run_at) from deferred d) - v_now);
  next_tick := date_part('epoch', next_schedule_due() - v_now);
  next_wait := case when exists (
      select from signal x join step s on s.signal = x.name and s.event_key = x.key
      where x.workflow is null and s.type = 'wait' and s.state = 'released')
    then 0 else date_part('epoch', (select min(s.deadline) from step s
      where s.type = 'wait' and s.state = 'released') - v_now) end;
  rotation := rotation_due() or are_writers_astray();
  summary := summary_due();
  parked := exists (
    select from parked_kinds() k (kind) join worker w on k.kind = any (w.kinds)
    where w.ended_at is null and not w.draining
      and not exists (select from quarantine x where x.kind = k.kind));
  processes := living_processes(p_process_space);
  return next;
end $$;

-- The kinds of parked jobs, however many those are: one look at the index a kind.
create or replace function parked_kinds() returns setof text
language plpgsql stable set enable_seqscan = off
as $$
begin
  return query
    with recursive kinds (kind) as (
      select min(p.kind) from parked p
      union all
      select (select min(p.kind) from parked p where p.kind > k.kind) from kinds k
        where k.kind is not null)
    select k.kind from kinds k where k.kind is not null;
end $$;
