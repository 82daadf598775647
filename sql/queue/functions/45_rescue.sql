-- Rescue: the jobs of a dead worker return to the log, and from then on nothing that it still sends
-- is accepted. That is the whole fence.

-- Gives back every unsettled job of a worker that has ended. p_crashed: count a crash for each (a
-- job that was claimed alone and has crashed three workers is buried); otherwise hand it back.
create or replace function release_claims(p_epoch uuid, p_crashed bool) returns int
language plpgsql
as $$
declare
  v_claim claim;
  v_held held;
  v_job job;
  v_count int := 0;
begin
  perform pg_advisory_xact_lock_shared(lock_key('rotation', ''));
  for v_claim in select * from open_claims(p_epoch) loop
    for v_job in select * from unsettled_rows(v_claim) loop
      perform release_job(v_job, p_epoch, p_crashed, v_claim.n = 1);
      v_count := v_count + 1;
    end loop;
    insert into closure (segment, lane, seq, ids, final)
      values (head_segment(), v_claim.lane, v_claim.seq, null, true);
  end loop;
  for v_held in delete from held where epoch = p_epoch returning * loop
    perform release_job(held_job(v_held), p_epoch, p_crashed, v_held.claimed_n = 1);
    v_count := v_count + 1;
  end loop;
  perform wake(q.id, q.name) from queue q, worker w where w.epoch = p_epoch and q.name = any (w.queues);
  return v_count;
end $$;

create or replace function release_job(p_job job, p_epoch uuid, p_crashed bool, p_alone bool)
returns void
language plpgsql
as $$
begin
  p_job.unique_key := kept_unique_key(p_job);
  if not p_crashed then
    perform add_event(p_job.id, p_job.attempt, 'handed_back', 'worker retired', p_epoch);
    perform append_again(p_job);
    return;
  end if;
  -- In company the culprit is not known: a third crash counts only when the job was alone.
  p_job.crashes := least(p_job.crashes + 1, case when p_alone then 3 else 2 end);
  perform add_event(p_job.id, p_job.attempt, 'crashed', 'its worker died', p_epoch);
  if p_job.crashes >= 3 then
    perform kind_crashed(p_job.kind, p_job.id, 'its worker died while it was claimed alone');
    perform bury(p_job, 'its worker died three times while it ran, the last time alone', p_epoch);
    perform job_ended(p_job.lane, p_job.id, 'dead');
  else
    perform append_again(p_job);
  end if;
end $$;

-- Takes the lock of a lost worker's epoch alone. What the worker had sent before may end first. But a
-- worker that froze, or was cut off without a word, while the server sent it a claim leaves a session
-- that waits for it to read, with all of the claim's locks: nobody could claim from that queue any more,
-- and nobody could rescue. Such a session is ended.
-- That takes the right to signal sessions of the worker's role: the owner of this schema must be a
-- member of it, or of pg_signal_backend.
create or replace function seize_epoch(p_epoch uuid) returns void
language plpgsql
as $$
declare
  v_key bigint := lock_key('epoch', p_epoch::text);
begin
  if await_lock(v_key) then return; end if;
  begin
    -- Not another rescuer, who holds it alone.
    perform pg_terminate_backend(l.pid) from pg_locks l
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.mode = 'ShareLock'
        and l.database = (select oid from pg_database where datname = current_database())
        and l.classid::bigint = ((v_key >> 32) & 4294967295)
        and l.objid::bigint = (v_key & 4294967295);
  exception when insufficient_privilege then
    raise warning 'lost worker % still holds its locks, and this role may not end its session', p_epoch
      using hint = 'Grant pg_signal_backend to the owner of the schema.';
  end;
  perform pg_advisory_xact_lock(v_key);
end $$;

-- Takes a lock for this transaction alone; false where it was not to be had for half a second.
create or replace function await_lock(p_key bigint) returns bool
language plpgsql set lock_timeout = '500ms'
as $$
begin
  perform pg_advisory_xact_lock(p_key);
  return true;
exception when lock_not_available then
  return false;
end $$;

-- Declares a worker dead and rescues its jobs; returns how many. 0 where it had ended before.
-- Waits for settles of the worker that are under way.
create or replace function rescue(p_epoch uuid) returns int
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform require_read_committed('rescue');
  perform pg_advisory_xact_lock(lock_key('epoch', p_epoch::text));
  update worker set ended_at = clock_timestamp(), ending = 'rescued'
    where epoch = p_epoch and ended_at is null;
  if not found then return 0; end if;
  delete from heartbeat where epoch = p_epoch;
  return release_claims(p_epoch, true);
end $$;

-- Notes since when a living worker's connection is gone.
create or replace function note_missing() returns void
language plpgsql
as $$
begin
  update heartbeat h set missing_since = clock_timestamp()
    where h.missing_since is null and h.epoch not in (select connected_workers());
  update heartbeat h set missing_since = null
    where h.missing_since is not null and h.epoch in (select connected_workers());
end $$;

-- The leader's step: rescues workers whose connection has been gone for longer than
-- p_grace, or whose heartbeat is older than p_stale (a frozen process). Returns the number of jobs.
create or replace function rescue_lost(
  p_grace interval default '5 seconds', p_stale interval default '15 seconds')
returns int
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform require_read_committed('rescue_lost');
  perform note_missing();
  return rescue_all(array(
    select h.epoch from heartbeat h
    where h.missing_since < clock_timestamp() - p_grace or h.at < clock_timestamp() - p_stale));
end $$;

-- Rescues workers whose processes have ended, as somebody in their process space has seen: nothing is
-- left to wait for, whatever their connections look like. Returns the number of jobs.
create or replace function rescue_ended(p_process_space text, p_pids int[]) returns int
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform require_read_committed('rescue_ended');
  return rescue_all(array(
    select w.epoch from worker w
    where w.ended_at is null and w.process_space = p_process_space and w.pid = any (p_pids)));
end $$;

create or replace function rescue_all(p_epochs uuid[]) returns int
language plpgsql
as $$
declare
  v_epoch uuid;
  v_count int := 0;
begin
  -- All epochs, each rescuer in the same order, before the rotation lock that the first rescue takes:
  -- see 00_locks.sql.
  for v_epoch in select e from unnest(p_epochs) e order by e loop
    perform seize_epoch(v_epoch);
  end loop;
  foreach v_epoch in array p_epochs loop
    v_count := v_count + rescue(v_epoch);
  end loop;
  return v_count;
end $$;
