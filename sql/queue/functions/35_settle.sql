-- Settling: a worker reports what became of the jobs of a claim.

create or replace function add_event(
  p_id bigint, p_attempt smallint, p_event text, p_detail text, p_epoch uuid)
returns void
language sql
as $$
  insert into job_event (id, attempt, event, detail, epoch, actor)
  values (p_id, p_attempt, p_event, left(p_detail, 8192), p_epoch,
          case when p_epoch is null then session_user end)
$$;

-- Settles jobs of one claim for a living worker that owns it.
--   p_ids       the jobs that are settled; null with p_final: all of a claim of which nothing was
--               settled before
--   p_final     nothing of the claim is left open after this call; refused where that is not so
--   p_outcomes  for jobs that did not simply succeed, an array of
--               {"id": 1, "outcome": ..., "delay_ms": 1500, "error": "..."} with outcome
--               succeed (with "result": any JSON, which is kept), retry (next attempt after the delay),
--               snooze (same attempt after the delay), hand_back (same attempt, at once), park (no
--               handler here knows the kind), dead, crash (it ended the process in which it ran alone), discard, cancel,
--               expire (its time to start had passed when a worker came to it)
-- Errors: OG001 dead worker, OG002 not this worker's claim, or jobs settled already, or a final call
-- that leaves jobs open, OG003 replaced session, OG006 unknown outcome, OG008 isolation level.
create or replace function settle(
  p_epoch uuid, p_session int, p_lane int, p_seq bigint, p_ids bigint[], p_final bool,
  p_outcomes jsonb default null)
returns void
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_claim claim;
  v_head int;
  v_first int;
  v_last int;
  v_look record;
  v_is_held bool;
begin
  -- Expressions where it can be, as in claim_rows.
  v_is_held := require_read_committed('settle');
  v_is_held := hold_epoch(p_epoch, p_session);
  v_is_held := hold_shared(lock_key('rotation', ''));
  if p_ids is null and not p_final then
    raise exception 'settle needs job ids where the claim stays open' using errcode = 'OG006';
  end if;
  -- Most claims lie in the head segment, and then their closures do; one statement over one segment
  -- costs a third of what three over all cost.
  v_head := head_segment();
  v_first := v_head;
  v_last := v_head;
  loop
    select (select c.n from claim c
            where c.segment between v_first and v_last and c.lane = p_lane and c.seq = p_seq
              and c.epoch = p_epoch and c.n > 0) n,
        exists (select from held h
                where h.lane = p_lane and h.seq = p_seq and h.epoch = p_epoch) is_held,
        exists (select from closure c
                where c.segment between v_first and v_last and c.lane = p_lane and c.seq = p_seq
                  and (c.final or p_ids is null or c.ids && p_ids)) is_closed
      into v_look;
    exit when v_look.is_held or v_look.n is not null or v_first < v_last;
    v_first := 0;
    v_last := 3;
  end loop;
  if v_look.is_held then
    perform settle_held(p_epoch, p_lane, p_seq, p_ids, p_final, p_outcomes);
    return;
  end if;
  if v_look.n is null then
    -- The last rows of a claim may have been settled before rotation truncated it.
    if p_final and cardinality(p_ids) = 0 then return; end if;
    perform refuse_settle(p_epoch, p_lane, p_seq, 'is not its own');
  end if;
  if v_look.is_closed then
    if p_final and cardinality(p_ids) = 0 then return; end if; -- rotation has closed it
    perform refuse_settle(p_epoch, p_lane, p_seq, 'has jobs that were settled before');
  end if;
  -- A crash of the server may have taken back an earlier settle: what is not listed must not be lost.
  if p_final and p_ids is not null then
    if v_look.n <> cardinality(p_ids) + coalesce((
        select sum(cardinality(c.ids)) from closure c where c.lane = p_lane and c.seq = p_seq), 0) then
      perform refuse_settle(p_epoch, p_lane, p_seq, 'has jobs that are still open');
    end if;
  end if;
  if p_outcomes is not null then
    v_claim := claim_between(v_first, v_last, p_lane, p_seq);
    perform apply_outcome(p_epoch, r, o.outcome, o.delay_ms, o.error)
      from outcomes_among(p_ids, p_outcomes) o join claimed_rows(v_claim) r on r.id = o.id
      where o.outcome is distinct from 'succeed';
    if p_outcomes @? '$[*].outcome ? (@ == "succeed")' then
      perform store_results(p_outcomes, array(
        select r.id from claimed_rows(v_claim) r
        where p_ids is null or r.id in (select unnest(p_ids))));
    end if;
  end if;
  with noted as (
    insert into closure (segment, lane, seq, ids, final)
      values (v_head, p_lane, p_seq, p_ids, p_final))
  select q.frees, exists (select from tracked t where t.lane = p_lane) is_tracked into v_look
    from queue q where q.id = p_lane / 4;
  if v_look.is_tracked then
    perform end_tracked(p_lane, coalesce(p_ids, array(
      select r.id from claimed_rows(claim_between(v_first, v_last, p_lane, p_seq)) r)), p_outcomes);
  end if;
  if v_look.frees then perform wake_freed(p_lane / 4); end if;
end $$;

-- The claim of this name in the segments from p_first to p_last.
create or replace function claim_between(p_first int, p_last int, p_lane int, p_seq bigint)
returns claim
language plpgsql stable
as $$
begin
  return (select c from claim c
          where c.segment between p_first and p_last and c.lane = p_lane and c.seq = p_seq
            and c.n > 0);
end $$;

create or replace function refuse_settle(p_epoch uuid, p_lane int, p_seq bigint, p_why text)
returns void
language plpgsql
as $$
begin
  raise exception 'worker % settles claim %/% that %', p_epoch, p_lane, p_seq, p_why
    using errcode = 'OG002', hint = 'Drop these results: the jobs were given to others or are done.';
end $$;

-- The same for a claim whose rows rotation has carried out of their segment.
create or replace function settle_held(
  p_epoch uuid, p_lane int, p_seq bigint, p_ids bigint[], p_final bool, p_outcomes jsonb)
returns void
language plpgsql
as $$
declare
  v_settled bigint[];
begin
  if p_outcomes is not null then
    perform apply_outcome(p_epoch, held_job(h), o.outcome, o.delay_ms, o.error)
      from outcomes_among(p_ids, p_outcomes) o
        -- offset 0: each is looked up by its id, whatever the planner thinks that there are.
        cross join lateral (
          select x.* from held x where x.lane = p_lane and x.seq = p_seq and x.id = o.id offset 0) h
      where o.outcome is distinct from 'succeed';
  end if;
  with gone as (
    delete from held h
    where h.lane = p_lane and h.seq = p_seq and (p_ids is null or h.id = any (p_ids))
    returning h.id)
  select coalesce(array_agg(id), '{}') into v_settled from gone;
  if p_ids is not null
    and cardinality(v_settled) < (select count(distinct i.id) from unnest(p_ids) i (id)) then
    perform refuse_settle(p_epoch, p_lane, p_seq, 'has jobs that were settled before');
  end if;
  if p_final and exists (select from held h where h.lane = p_lane and h.seq = p_seq) then
    perform refuse_settle(p_epoch, p_lane, p_seq, 'has jobs that are still open');
  end if;
  if p_outcomes is not null then perform store_results(p_outcomes, v_settled); end if;
  perform end_tracked(p_lane, v_settled, p_outcomes);
  perform wake_freed(p_lane / 4);
end $$;

-- The outcomes of the jobs among p_ids (null: of all). A worker may hand back thousands of jobs at once:
-- the ids are hashed, where `= any` would go through them for each outcome; so would a join, because the
-- planner takes arrays for short ones, and the `or` keeps it from making one.
create or replace function outcomes_among(p_ids bigint[], p_outcomes jsonb)
returns table (id bigint, outcome text, delay_ms bigint, error text, result jsonb)
language sql stable
as $$
  select o.id, o.outcome, o.delay_ms, o.error, o.result
  from jsonb_to_recordset(p_outcomes) o (
    id bigint, outcome text, delay_ms bigint, error text, result jsonb)
  where p_ids is null or o.id in (select unnest(p_ids))
$$;

create or replace function held_job(p_held held) returns job
language sql immutable
as $$
  select ('0'::xid8, p_held.id, p_held.enqueued_at, 0, p_held.lane, p_held.attempt, p_held.crashes,
          p_held.kind, p_held.payload, p_held.key, p_held.unique_key, p_held.meta)::job
$$;

-- What an outcome other than success does with a job.
create or replace function apply_outcome(
  p_epoch uuid, p_job job, p_outcome text, p_delay_ms bigint, p_error text)
returns void
language plpgsql
as $$
begin
  p_job.unique_key := kept_unique_key(p_job);
  case p_outcome
    when 'retry' then
      perform add_event(p_job.id, p_job.attempt, 'retried', p_error, p_epoch);
      p_job.attempt := p_job.attempt + 1;
      perform defer(p_job, 'retrying', p_delay_ms);
    when 'snooze' then
      perform add_event(p_job.id, p_job.attempt, 'snoozed', p_error, p_epoch);
      perform defer(p_job, 'snoozed', p_delay_ms);
    when 'hand_back' then
      perform add_event(p_job.id, p_job.attempt, 'handed_back', p_error, p_epoch);
      perform append_again(p_job);
    when 'park' then
      perform add_event(p_job.id, p_job.attempt, 'parked', p_error, p_epoch);
      insert into parked (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key, meta)
        values (p_job.id, p_job.lane, p_job.attempt, p_job.crashes, p_job.enqueued_at, p_job.kind,
                p_job.payload, p_job.key, p_job.unique_key, p_job.meta);
    when 'dead' then
      perform bury(p_job, p_error, p_epoch);
    when 'crash' then
      perform job_crashed(p_job, p_error, p_epoch);
    when 'discard' then
      perform add_event(p_job.id, p_job.attempt, 'discarded', p_error, p_epoch);
    when 'cancel' then
      perform add_event(p_job.id, p_job.attempt, 'cancelled', p_error, p_epoch);
      if p_job.unique_key is not null then perform release_unique_key(p_job.id); end if;
      delete from cancel_request where id = p_job.id;
    when 'expire' then
      perform add_event(p_job.id, p_job.attempt, 'expired', p_error, p_epoch);
    else
      raise exception 'outcome must be succeed, retry, snooze, hand_back, park, dead, crash, discard, cancel or expire, got: %',
        left(p_outcome, 40) using errcode = 'OG006';
  end case;
end $$;

-- Puts a job off, at the most to the time at which it expires.
create or replace function defer(p_job job, p_state text, p_delay_ms bigint) returns void
language sql
as $$
  insert into deferred (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key,
                        meta, state, run_at)
  values (p_job.id, p_job.lane, p_job.attempt, p_job.crashes, p_job.enqueued_at, p_job.kind,
          p_job.payload, p_job.key, p_job.unique_key, p_job.meta, p_state,
          least(clock_timestamp() + make_interval(secs => greatest(coalesce(p_delay_ms, 0), 0) / 1000.0),
                meta_expiry(p_job.meta)))
$$;

create or replace function bury(p_job job, p_error text, p_epoch uuid) returns void
language plpgsql
as $$
begin
  perform add_event(p_job.id, p_job.attempt, 'dead', p_error, p_epoch);
  insert into dead (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key, meta, error)
    values (p_job.id, p_job.lane, p_job.attempt, p_job.crashes, p_job.enqueued_at, p_job.kind,
            p_job.payload, p_job.key, null, p_job.meta, left(p_error, 8192));
end $$;

-- Writes a job into the log again, to be claimed at once, and wakes sleepers. Two crashes make it a
-- suspect, which is claimed alone.
create or replace function append_again(p_job job) returns void
language plpgsql
as $$
begin
  insert into job (segment, lane, id, attempt, crashes, kind, payload, enqueued_at, key, unique_key, meta)
    values (head_segment(), p_job.lane, p_job.id, p_job.attempt, p_job.crashes, p_job.kind,
            p_job.payload, p_job.enqueued_at, p_job.key, p_job.unique_key, p_job.meta);
  if p_job.crashes >= 2 then
    insert into flagged (lane, id, flag) values (p_job.lane, p_job.id, 'suspect')
      on conflict do nothing;
  end if;
  if p_job.unique_key is not null then
    insert into flagged (lane, id, flag) values (p_job.lane, p_job.id, 'unique')
      on conflict do nothing;
  end if;
  perform wake(q.id, q.name) from queue q where q.id = p_job.lane / 4;
end $$;
