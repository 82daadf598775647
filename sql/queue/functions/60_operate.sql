-- What an operator does to jobs. Each act leaves an event with the session's user as its actor.

create or replace function refuse_job(p_id bigint, p_act text) returns void
language plpgsql
as $$
declare
  v_state text := job_state(p_id);
begin
  if v_state is null then
    raise exception 'job % is not known', p_id
      using errcode = 'OG009', hint = 'Settled jobs are forgotten when their segment of the log is emptied.';
  end if;
  raise exception 'job % is %, it can''t be %', p_id, v_state, p_act
    using errcode = 'OG009', hint = 'See "ong jobs show ' || p_id || '".';
end $$;

-- Lets a dead, deferred or parked job run now; a dead one starts again at attempt 1.
create or replace function retry_job(p_id bigint) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_dead dead;
begin
  perform reopen_job(p_id);
  delete from dead where id = p_id returning * into v_dead;
  if found then
    perform add_event(p_id, v_dead.attempt, 'redriven', null, null);
    perform append_again(('0'::xid8, v_dead.id, v_dead.enqueued_at, 0, v_dead.lane, 1, 0,
      v_dead.kind, v_dead.payload, v_dead.key, null, v_dead.meta)::job);
    perform wake(q.id, q.name) from queue q where q.id = v_dead.lane / 4;
    return;
  end if;
  update deferred set run_at = clock_timestamp() where id = p_id;
  if found then
    perform add_event(p_id, 1::smallint, 'redriven', 'run now', null);
    return;
  end if;
  perform refuse_job(p_id, 'retried');
end $$;

-- Redrives up to p_limit dead jobs, oldest first; null queue or kind: any. Returns how many.
create or replace function retry_dead(
  p_queue text default null, p_kind text default null, p_limit int default 1000)
returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_count int := 0;
  v_id bigint;
begin
  for v_id in
    select d.id from dead d join queue q on q.id = d.lane / 4
    where (p_queue is null or q.name = p_queue) and (p_kind is null or d.kind = p_kind)
    order by d.died_at limit p_limit for update of d skip locked
  loop
    perform retry_job(v_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- Removes a dead job for good.
create or replace function discard_job(p_id bigint) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_attempt smallint;
begin
  delete from dead where id = p_id returning attempt into v_attempt;
  if not found then perform refuse_job(p_id, 'discarded'); end if;
  delete from job_checkpoint where id = p_id;
  perform add_event(p_id, v_attempt, 'discarded', null, null);
end $$;

-- Cancels a job. Returns 'cancelled' where it had not started, 'requested' where it runs: its worker
-- is told and stops it when its handler co-operates.
create or replace function cancel_job(p_id bigint) returns text
language plpgsql security definer set search_path from current
as $$
declare
  v_attempt smallint;
  v_lane int;
  v_queue queue;
begin
  perform require_read_committed('cancel_job');
  -- The unique key first, as a producer does that replaces the job; and before the queue's lock,
  -- which must not be held while somebody waits for a producer.
  perform from unique_key where id = p_id for update;
  with gone as (
    delete from deferred where id = p_id returning lane, attempt
  ), gone_parked as (
    delete from parked where id = p_id returning lane, attempt
  )
  select lane, attempt into v_lane, v_attempt from (select * from gone union all select * from gone_parked) g;
  if found then
    delete from unique_key where id = p_id;
    perform add_event(p_id, v_attempt, 'cancelled', null, null);
    perform job_ended(v_lane, p_id, 'cancelled');
    return 'cancelled';
  end if;
  select coalesce((select k.lane from keyed k where k.id = p_id),
                  (select j.lane from log_rows(p_id) j limit 1)) into v_lane;
  -- Nobody claims while the state is looked at.
  if v_lane is not null then
    perform pg_advisory_xact_lock(lock_key('queue', (v_lane / 4)::text));
  end if;
  delete from keyed where id = p_id returning lane, attempt into v_lane, v_attempt;
  if found then
    delete from flagged where lane = v_lane and id = p_id;
    delete from unique_key where id = p_id;
    perform add_event(p_id, v_attempt, 'cancelled', null, null);
    perform job_ended(v_lane, p_id, 'cancelled');
    return 'cancelled';
  end if;
  case job_state(p_id)
    when 'waiting' then
      delete from unique_key where id = p_id;
      select j.lane, j.attempt into v_lane, v_attempt
        from log_rows(p_id) j where is_ahead(lane_position(j.lane), j.xid, j.id);
      insert into flagged (lane, id, flag) values (v_lane, p_id, 'cancelled') on conflict do nothing;
      perform add_event(p_id, v_attempt, 'cancel_requested', null, null);
      perform job_ended(v_lane, p_id, 'cancelled');
      return 'cancelled';
    when 'running' then
      insert into cancel_request (id) values (p_id) on conflict do nothing;
      perform add_event(p_id, 0::smallint, 'cancel_requested', null, null);
      perform send_control('cancel', p_id::text);
      return 'requested';
    else
      perform refuse_job(p_id, 'cancelled');
  end case;
end $$;
