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
      or not seems_connected(h.epoch));
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
