-- The life of a worker: one epoch, numbered sessions (connections), a heartbeat, an end.

-- Registers a worker on the connection with which it will claim and settle, and returns its session
-- number, 1. The connection holds the epoch's life lock until it ends: that is how its death is seen.
-- p_pooled: the connection leads through a pooler, where no session is the worker's own; its death is
-- seen by its heartbeat alone.
-- p_process_space: where p_pid is the process's number; null: no other worker can look for it.
-- Missing queues are made; jobs that were parked for want of one of the kinds return to the log.
-- Called again for an epoch, because the answer was lost with its connection, it is confirm_worker.
create or replace function register_worker(
  p_epoch uuid, p_host text, p_pid int, p_version text, p_slots int, p_queues text[],
  p_kinds text[], p_pooled bool default false, p_process_space text default null)
returns int
language plpgsql security definer set search_path from current
as $$
begin
  perform create_queue(q) from unnest(p_queues) q;
  insert into worker (epoch, host, pid, version, slots, queues, kinds, pooled, process_space)
    values (p_epoch, left(p_host, 255), p_pid, left(p_version, 100), p_slots, p_queues, p_kinds,
      p_pooled, left(p_process_space, 255))
    on conflict (epoch) do nothing;
  if not found then return confirm_worker(p_epoch); end if;
  insert into heartbeat (epoch) values (p_epoch);
  if not p_pooled then perform hold_life(p_epoch); end if;
  perform unpark_known();
  return 1;
end $$;

create or replace function hold_life(p_epoch uuid) returns void
language plpgsql
as $$
declare
  v_key bigint := lock_key('life', p_epoch::text);
begin
  -- A session that confirms twice holds it already.
  if not holds_lock(v_key, pg_backend_pid()) then
    perform pg_advisory_lock_shared(v_key);
  end if;
end $$;

-- The processes of living workers of a process space. Who is in it too sees which of them have ended.
create or replace function living_processes(p_process_space text) returns int[]
language plpgsql stable
as $$
begin
  return array(
    select distinct w.pid from worker w
    where w.ended_at is null and w.process_space = p_process_space);
end $$;

-- The living workers whose connection is there. Of one behind a pooler nobody can tell. One look at
-- pg_locks for all, because that lists every lock of the server.
create or replace function connected_workers() returns setof uuid
language plpgsql volatile
as $$
begin
  return query
    select h.epoch from heartbeat h join worker w using (epoch)
    where w.pooled or lock_key('life', h.epoch::text) in (
      select (l.classid::bigint << 32) | l.objid::bigint from pg_locks l
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database()));
end $$;

-- After a lost connection, on the new one: the worker's next session number. From now on what the
-- lost connection still sends is refused (OG003); what it had sent is decided, because the epoch's
-- lock is taken alone. OG001: the worker was declared dead meanwhile.
create or replace function confirm_worker(p_epoch uuid) returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_session int;
  v_pooled bool;
begin
  perform require_read_committed('confirm_worker');
  perform pg_advisory_xact_lock(lock_key('epoch', p_epoch::text));
  update worker set session = session + 1 where epoch = p_epoch and ended_at is null
    returning session, pooled into v_session, v_pooled;
  if not found then
    raise exception 'worker % is dead', p_epoch
      using errcode = 'OG001', hint = 'Its jobs were given to others. Register again under a new epoch.';
  end if;
  update heartbeat set at = clock_timestamp(), missing_since = null where epoch = p_epoch;
  if not v_pooled then perform hold_life(p_epoch); end if;
  return v_session;
end $$;

-- What the server regards as claimed by this worker and unsettled. After confirm_worker the worker
-- keeps these and drops the rest.
create or replace function open_jobs(p_epoch uuid, p_session int)
returns table (lane int, seq bigint, id bigint)
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
  perform hold_epoch(p_epoch, p_session);
  perform pg_advisory_xact_lock_shared(lock_key('rotation', ''));
  return query
    select c.lane, c.seq, r.id from open_claims(p_epoch) c, unsettled_rows(c) r
    union all
    select h.lane, h.seq, h.id from held h where h.epoch = p_epoch;
end $$;

-- Every few seconds. Says whether the worker shall drain, which jobs' cancellation is asked for, that
-- every transaction before `horizon` has ended, and in which of its queues jobs may become claimable
-- without anybody telling, because a rate is limited.
--   p_leaked  handlers that hang past their timeout
create or replace function heartbeat(
  p_epoch uuid, p_session int, p_busy int, p_leaked int default 0)
returns table (draining bool, cancel bigint[], horizon bigint, rated text[])
language plpgsql security definer set search_path from current
as $$
begin
  perform hold_epoch(p_epoch, p_session);
  update heartbeat h set at = clock_timestamp(), busy = p_busy, leaked = p_leaked,
      missing_since = null
    where h.epoch = p_epoch;
  return query
    select w.draining, array(select c.id from cancel_request c),
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
      array(select q.name from queue q where q.name = any (w.queues)
        and (q.rate is not null or q.key_rate is not null))
    from worker w where w.epoch = p_epoch;
end $$;

-- The clean end of a worker: what is still open is handed back with its attempt. Returns how many.
create or replace function retire_worker(p_epoch uuid, p_session int) returns int
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_count int;
begin
  perform require_read_committed('retire_worker');
  perform pg_advisory_xact_lock(lock_key('epoch', p_epoch::text));
  perform hold_epoch(p_epoch, p_session);
  update worker set ended_at = clock_timestamp(), ending = 'retired' where epoch = p_epoch;
  delete from heartbeat where epoch = p_epoch;
  v_count := release_claims(p_epoch, false);
  return v_count;
end $$;

create or replace function drain_worker(p_epoch uuid) returns void
language plpgsql security definer set search_path from current
as $$
begin
  perform pg_advisory_xact_lock(lock_key('epoch', p_epoch::text));
  update worker set draining = true where epoch = p_epoch and ended_at is null;
  if not found then
    raise exception 'no living worker has the epoch %', p_epoch
      using errcode = 'OG009', hint = 'See "ong workers ls".';
  end if;
  perform send_control('drain', p_epoch::text);
end $$;
