-- Back into the log: deferred jobs whose time has come, parked jobs whose kind is known again.

-- The leader's step: moves up to p_limit due jobs into the log, or ends those that have expired.
-- Returns how many, and when the next one is due (null: none waits).
create or replace function promote_due(p_limit int default 1000)
returns table (promoted int, next_due timestamptz)
language plpgsql security definer set search_path from current
as $$
declare
  v_promoted int;
  -- As a value: clock_timestamp() in the condition would read the whole index, as it may change
  -- from row to row (7.5 s with ten million rows that are not due).
  v_now timestamptz := clock_timestamp();
begin
  with due as materialized (
    select d.id from deferred d where d.run_at <= v_now
    order by d.run_at limit p_limit for update skip locked),
  gone as (
    delete from deferred d using due where d.id = due.id
    returning d.*, may_expire(d.id, d.unique_key, d.meta) is_expired),
  expired as materialized (
    select expire_job(g.lane, g.id, g.attempt) from gone g where g.is_expired),
  placed as (
    insert into job (segment, lane, id, attempt, crashes, kind, payload, enqueued_at, key,
                     unique_key, meta)
    select head_segment(), g.lane, g.id, g.attempt, g.crashes, g.kind, g.payload, g.enqueued_at,
      g.key, g.unique_key, g.meta
    from gone g where not g.is_expired order by g.run_at, g.id
    returning lane, id, crashes, unique_key),
  marked as (
    insert into flagged (lane, id, flag)
    select p.lane, p.id, 'unique' from placed p where p.unique_key is not null
    union all
    select p.lane, p.id, 'suspect' from placed p where p.crashes >= 2
    on conflict do nothing),
  woken as materialized (
    select wake(q.id, q.name) from (select distinct p.lane / 4 queue from placed p) l
    join queue q on q.id = l.queue)
  select (select count(*) from placed) + (select count(*) from expired) into v_promoted
    from (select count(*) from woken) w;
  return query select v_promoted, (select min(d.run_at) from deferred d);
end $$;

-- A job that becomes due before the leader looks again, which it does every 1.5 seconds, is told to it, so
-- that it comes to the millisecond. One notification a transaction, and none for what is further off.
create or replace function tell_due_soon() returns trigger
language plpgsql set search_path from current
as $$
begin
  perform send_control('due', 'soon');
  return null;
end $$;

create or replace trigger deferred_soon
  after insert or update of run_at on deferred for each row
  when (new.run_at < clock_timestamp() + interval '2 seconds')
  execute function tell_due_soon();

-- Parked jobs of kinds that a living worker knows return to the log, attempt unchanged; those that have
-- expired end.
create or replace function unpark_known() returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_parked parked;
  v_count int := 0;
begin
  for v_parked in
    delete from parked p using (
      select p.id from parked p
      where exists (select from worker w, queue q
                    where w.ended_at is null and not w.draining and p.kind = any (w.kinds)
                      and q.id = p.lane / 4 and q.name = any (w.queues))
        and not exists (select from quarantine x where x.kind = p.kind)
      order by p.id for update skip locked) known
    where p.id = known.id returning p.*
  loop
    v_count := v_count + 1;
    if may_expire(v_parked.id, v_parked.unique_key, v_parked.meta) then
      perform expire_job(v_parked.lane, v_parked.id, v_parked.attempt);
      continue;
    end if;
    perform add_event(v_parked.id, v_parked.attempt, 'unparked', null, null);
    perform append_again(('0'::xid8, v_parked.id, v_parked.enqueued_at, 0, v_parked.lane,
      v_parked.attempt, v_parked.crashes, v_parked.kind, v_parked.payload, v_parked.key,
      v_parked.unique_key, v_parked.meta)::job);
  end loop;
  perform wake(q.id, q.name) from queue q where v_count > 0;
  return v_count;
end $$;

-- The leader's step, every minute or so: forgets old events, requests and ended workers in
-- batches. Returns the number of rows.
create or replace function prune() returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_now timestamptz := clock_timestamp(); -- as a value: see promote_due
  v_before timestamptz := v_now - (select keep_events from setting);
  v_count int := 0;
  v_step int;
begin
  delete from job_event where ctid = any (array(
    select e.ctid from job_event e where e.at < v_before limit 10000));
  get diagnostics v_step = row_count;
  v_count := v_count + v_step;
  delete from cancel_request where at < v_now - interval '1 hour';
  get diagnostics v_step = row_count;
  v_count := v_count + v_step;
  delete from worker w where w.ended_at < v_before
    and not exists (select from claim c where c.epoch = w.epoch);
  get diagnostics v_step = row_count;
  v_count := v_count + v_step;
  delete from kind_crash where at < v_before;
  get diagnostics v_step = row_count;
  v_count := v_count + v_step;
  v_count := v_count + prune_results() + prune_progress();
  v_count := v_count + prune_unique_keys() + prune_expired();
  delete from key_bucket b using queue q
    where q.id = b.queue and (q.key_rate is null
      or spent_after(b.spent, b.spent_at, v_now, q.key_rate, q.key_rate_seconds) = 0);
  get diagnostics v_step = row_count;
  v_count := v_count + v_step;
  v_count := v_count + prune_workflows();
  delete from rotation where seq < (select max(seq) from rotation) - 100;
  return v_count;
end $$;
