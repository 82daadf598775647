-- What this session is to the maintenance, or has just become, until it ends: 'leader' does it, 'deputy'
-- stands by and meanwhile rescues those of its host whom a leader that is frozen would let lie, 'none'
-- is one of the others. Where a deputy is told of vanished workers there is a row for each.
--   p_host  whose vanished workers a deputy is to be told of
create or replace function try_lead(p_host text)
returns table (duty text, vanished uuid, pid int)
language plpgsql security definer set search_path from current
as $$
declare
  v_deputy bigint := lock_key('deputy', '');
begin
  if take_duty('lead') then
    if holds_lock(v_deputy, pg_backend_pid()) then perform pg_advisory_unlock(v_deputy); end if;
    return query select 'leader', null::uuid, null::int;
  elsif take_duty('deputy') then
    return query
      select 'deputy', v.epoch, v.pid from (select) one left join vanished_workers(p_host) v on true;
  else
    return query select 'none', null::uuid, null::int;
  end if;
end $$;

create or replace function take_duty(p_duty text) returns bool
language plpgsql
as $$
declare
  v_key bigint := lock_key(p_duty, '');
begin
  -- Locks of one session add up; one is enough.
  return holds_lock(v_key, pg_backend_pid()) or pg_try_advisory_lock(v_key);
end $$;

-- Living workers of a host whose connection is gone.
create or replace function vanished_workers(p_host text) returns table (epoch uuid, pid int)
language sql volatile
as $$
  select w.epoch, w.pid from heartbeat h join worker w using (epoch)
  where w.host = p_host and w.ended_at is null
    and h.epoch not in (select connected_workers())
$$;

-- What the leader has to do now, told by one look that writes nothing: a queue where nothing happens
-- costs one such look now and then, whatever features it has.
--   lost        a worker's connection is gone, or its heartbeat is older than p_stale
--   next_due    seconds until the next deferred job is due; null: none waits. Alike for schedules and
--               for waits of workflows, where a signal that found nobody listening counts as due.
--   rotation    the head is old or large enough
--   parked      a living worker knows the kind of a parked job
create or replace function maintenance_due(p_stale interval default '15 seconds')
returns table (
  lost bool, next_due float8, next_tick float8, next_wait float8, rotation bool, parked bool)
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
  rotation := rotation_due();
  parked := exists (
    select from parked_kinds() k (kind) join worker w on k.kind = any (w.kinds)
    where w.ended_at is null and not w.draining
      and not exists (select from quarantine x where x.kind = k.kind));
  return next;
end $$;

-- The kinds of parked jobs, however many those are: one look at the index a kind.
create or replace function parked_kinds() returns setof text
language sql stable set enable_seqscan = off
as $$
  with recursive kinds (kind) as (
    select min(p.kind) from parked p
    union all
    select (select min(p.kind) from parked p where p.kind > k.kind) from kinds k
      where k.kind is not null)
  select k.kind from kinds k where k.kind is not null
$$;
