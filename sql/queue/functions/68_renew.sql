-- Giving jobs that wait in the log another payload. The log is never changed: as rotation does, their
-- lane is written again behind itself, from its read position to the last of them.

-- Gives waiting jobs of one lane, where payloads_page has shown them with the payloads that are
-- expected, others. The jobs before and among them keep their order, ids, attempts and flags, and come
-- after what was enqueued meanwhile. Nobody claims from the queue during a call, so one call moves at
-- most 2,000 jobs: call it until is_done, in transactions of their own. One that has read the log must not
-- wait for a queue, as rotation may wait for it.
--   renewed  jobs that have the new payload by this call
--   is_done  none of the others waits there any more
-- Errors: OG008 isolation level.
create or replace function renew_waiting(
  p_places text[], p_expected jsonb[], p_new jsonb[], out renewed int, out is_done bool)
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_lane int := split_part(p_places[1], '/', 1)::int;
  v_last text := p_places[cardinality(p_places)];
  v_xid xid8 := split_part(v_last, '/', 2)::xid8;
  v_id bigint := split_part(v_last, '/', 3)::bigint;
  v_ids bigint[] := array(select split_part(p, '/', 3)::bigint
                          from unnest(p_places) with ordinality t (p, n) order by n);
  v_queue queue;
  v_head int;
  v_before claim;
  v_position claim;
  v_moved record;
begin
  perform require_read_committed('renew_waiting');
  perform pg_advisory_xact_lock(lock_key('queue', (v_lane / 4)::text));
  perform pg_advisory_xact_lock_shared(lock_key('rotation', ''));
  select * into v_queue from queue where id = v_lane / 4;
  v_head := head_segment();
  v_before := lane_position(v_lane);
  v_before.open := case when v_queue.max_running is not null then known_open(v_before) end;
  if v_queue.key_order is not null then
    v_position := sort_lane(v_before, v_head, 2000);
    update keyed k set payload = r.new
      from unnest(v_ids, p_expected, p_new) r (id, old, new)
      where k.id = r.id and k.lane = v_lane and k.payload = r.old;
    get diagnostics renewed = row_count;
  else
    select * into v_moved
      from move_rows(v_before, v_head, 2000, v_xid, v_id, v_ids, p_expected, p_new);
    renewed := v_moved.renewed;
    v_position := v_moved.reached;
    perform wake(v_queue.id, v_queue.name);
  end if;
  is_done := v_position.seq = v_before.seq or not is_ahead(v_position, v_xid, v_id);
end $$;

-- Writes rows of a lane again, up to (p_xid, p_id), which is visible; the jobs p_ids with other payloads
-- where they have those that are expected. Appends the claim of nobody that took the old rows and its closure.
--   reached  the lane's position afterwards
create or replace function move_rows(
  p_position claim, p_head int, p_limit int, p_xid xid8, p_id bigint, p_ids bigint[],
  p_expected jsonb[], p_new jsonb[], out renewed int, out reached claim)
language plpgsql
as $$
declare
  v_jobs job[];
  v_found int;
  v_opened bool := false;
  v_claim claim;
begin
  renewed := 0;
  reached := p_position;
  loop
    if not is_ahead(reached, p_xid, p_id) or (v_opened and reached.drained) then return; end if;
    if reached.drained then
      reached := next_window(reached, window_snapshot());
      v_opened := true;
    end if;
    v_jobs := array(select r from window_rows(reached.lane, reached.lo, reached.hi, reached.to_xid,
                                              reached.to_id, p_limit) r);
    v_found := cardinality(v_jobs);
    exit when v_found > 0;
    reached.drained := true;
  end loop;
  if pg_visible_in_snapshot(p_xid, reached.hi) then -- it lies in this window: what follows it may stay
    v_jobs := array(select j from unnest(v_jobs) j where (j.xid, j.id) <= (p_xid, p_id));
    if cardinality(v_jobs) = 0 then return; end if; -- rotation has carried it away
  end if;
  v_claim := claim_after(reached, reached);
  v_claim.segment := p_head;
  v_claim.epoch := no_worker();
  v_claim.n := cardinality(v_jobs);
  v_claim.to_xid := v_jobs[v_claim.n].xid;
  v_claim.to_id := v_jobs[v_claim.n].id;
  v_claim.drained := v_claim.n = v_found and v_found < p_limit;
  insert into claim select (v_claim).*;
  insert into closure (segment, lane, seq, ids, final)
    values (p_head, v_claim.lane, v_claim.seq, null, true);
  with written as (
    select j.*, r.new from unnest(v_jobs) with ordinality j (xid, id, enqueued_at, segment, lane,
        attempt, crashes, kind, payload, key, unique_key, meta, place)
      left join unnest(p_ids, p_expected, p_new) r (id, old, new)
        on r.id = j.id and r.old = j.payload::jsonb),
  placed as (
    insert into job (segment, lane, id, attempt, crashes, kind, payload, enqueued_at, key, unique_key,
                     meta)
    select p_head, w.lane, w.id, w.attempt, w.crashes, w.kind, coalesce(w.new::json, w.payload),
      w.enqueued_at, w.key, w.unique_key, w.meta
    from written w order by w.place)
  select count(w.new) into renewed from written w;
  reached := v_claim;
end $$;
