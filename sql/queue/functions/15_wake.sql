-- Waking sleepers. NOTIFY takes a cluster-wide lock at commit, so it is sent only when someone
-- sleeps: a sleeper holds the queue's wake lock shared, and a producer that can take it exclusively
-- knows that there is none.

-- Queues share 64 locks: the server's table of locks is of a fixed size, and a worker may serve
-- thousands of queues. Who is told of another queue's jobs leaves them alone.
create or replace function wake_lock(p_queue_id int) returns bigint
language sql stable
as $$ select lock_key('wake', (p_queue_id % 64)::text) $$;

-- One expression, which the planner puts in the place of each call: every enqueue asks.
create or replace function has_sleepers(p_queue_id int) returns bool
language sql volatile
as $$
  select case when pg_try_advisory_lock(wake_lock(p_queue_id))
    then not pg_advisory_unlock(wake_lock(p_queue_id)) else true end
$$;

create or replace function wake(p_queue_id int, p_queue text) returns void
language plpgsql
as $$
begin
  if has_sleepers(p_queue_id) then perform pg_notify(current_schema() || '_wake', p_queue); end if;
end $$;

-- After jobs of a limited queue were settled: wakes sleepers if jobs wait for the room that it made.
create or replace function wake_freed(p_queue_id int) returns void
language plpgsql
as $$
begin
  if has_sleepers(p_queue_id) and has_waiting(p_queue_id) then
    perform pg_notify(current_schema() || '_wake', q.name) from queue q
      where q.id = p_queue_id and q.frees;
  end if;
end $$;

-- Says that this session sleeps on the queues, until sleep_end or its end. Claim once more between
-- this call and the sleep: what was enqueued before it sent no notification. What a transaction had
-- enqueued that was still open sends none either: until every transaction before the returned one has
-- ended (heartbeat tells), ask from time to time. 0: none was open.
create or replace function sleep_begin(p_queues text[]) returns bigint
language plpgsql volatile security definer set search_path from current
as $$
declare
  v_own xid8;
begin
  perform pg_advisory_lock_shared(wake_lock(q.id))
    from queue q where q.name = any (p_queues) order by q.id;
  -- A number of one's own is above all that others have. A snapshot's xmax is not: it is one above the
  -- newest that has ended.
  v_own := pg_current_xact_id();
  if pg_snapshot_xmin(pg_current_snapshot()) = v_own then return 0; end if;
  return v_own::text::bigint;
end $$;

create or replace function sleep_end(p_queues text[]) returns void
language plpgsql security definer set search_path from current
as $$
begin
  perform pg_advisory_unlock_shared(wake_lock(q.id))
    from queue q where q.name = any (p_queues) order by q.id;
end $$;

-- Tells every worker: 'cancel <job>', 'drain <epoch>', 'pause <queue>', 'resume <queue>'.
create or replace function send_control(p_verb text, p_object text) returns void
language sql
as $$ select pg_notify(current_schema() || '_control', p_verb || ' ' || p_object) $$;
