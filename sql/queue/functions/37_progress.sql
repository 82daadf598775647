-- Progress and checkpoints: only jobs that report them have rows, which go when the job ends.

-- Whether this worker has the job in hand.
create or replace function runs_job(p_epoch uuid, p_lane int, p_seq bigint, p_id bigint) returns bool
language sql stable
as $$
  select exists (select from held h
      where h.lane = p_lane and h.seq = p_seq and h.id = p_id and h.epoch = p_epoch)
    or exists (select from claim c
      where c.lane = p_lane and c.seq = p_seq and c.epoch = p_epoch and not is_settled(c, p_id))
$$;

-- How far jobs of this worker have come: an array of {"lane", "seq", "id", "attempt", "fraction" (0 to 1
-- or null), "note" (text or null)}. Jobs that it no longer runs are passed over.
-- Errors: OG001 dead worker, OG003 replaced session.
create or replace function report_progress(p_epoch uuid, p_session int, p_reports jsonb) returns void
language plpgsql security definer set search_path from current
as $$
begin
  perform hold_epoch(p_epoch, p_session);
  with known as (
    select r.* from jsonb_to_recordset(p_reports)
      r (lane int, seq bigint, id bigint, attempt smallint, fraction float8, note text)
    where runs_job(p_epoch, r.lane, r.seq, r.id)),
  told as (
    insert into job_progress as p (id, attempt, fraction, note)
      select k.id, k.attempt, least(greatest(k.fraction, 0), 1), left(k.note, 500) from known k
      on conflict (id) do update set attempt = excluded.attempt, fraction = excluded.fraction,
        note = excluded.note, at = clock_timestamp())
  insert into tracked (lane, id, purpose) select k.lane, k.id, 'progress' from known k
    on conflict do nothing;
end $$;

-- Keeps a value for the next attempt of a job that this worker runs; it replaces the one before.
-- Errors: OG001 dead worker, OG002 not this worker's job, OG003 replaced session, OG005 over 1 MiB.
create or replace function save_checkpoint(
  p_epoch uuid, p_session int, p_lane int, p_seq bigint, p_id bigint, p_attempt smallint,
  p_value jsonb)
returns void
language plpgsql security definer set search_path from current
as $$
begin
  perform hold_epoch(p_epoch, p_session);
  if not runs_job(p_epoch, p_lane, p_seq, p_id) then
    raise exception 'worker % does not run job % of claim %/%', p_epoch, p_id, p_lane, p_seq
      using errcode = 'OG002', hint = 'The job has ended or was given to others: stop its handler.';
  end if;
  if octet_length(p_value::text) > 1048576 then
    raise exception 'a checkpoint may have 1048576 bytes, got: %', octet_length(p_value::text)
      using errcode = 'OG005', hint = 'Keep the data in a table of your own and its key here.';
  end if;
  insert into job_checkpoint as c (id, attempt, value) values (p_id, p_attempt, p_value)
    on conflict (id) do update set attempt = excluded.attempt, value = excluded.value,
      at = clock_timestamp();
  insert into tracked (lane, id, purpose) values (p_lane, p_id, 'checkpoint') on conflict do nothing;
end $$;

-- The newest checkpoint of a job; null where none is kept.
create or replace function load_checkpoint(p_id bigint) returns jsonb
language sql stable security definer set search_path from current
as $$ select c.value from job_checkpoint c where c.id = p_id $$;

-- Forgets what jobs have left that ended in the moment in which they reported. Returns the number of
-- rows.
create or replace function prune_progress() returns int
language plpgsql
as $$
declare
  v_before timestamptz := clock_timestamp() - interval '10 minutes';
  v_count int;
  v_step int;
begin
  delete from job_progress where id = any (array(
    select p.id from job_progress p where p.at < v_before
    order by p.at limit 1000))
    and coalesce(job_state(id), 'unknown') not in ('waiting', 'running', 'scheduled', 'retrying', 'snoozed', 'parked');
  get diagnostics v_count = row_count;
  delete from job_checkpoint where id = any (array(
    select c.id from job_checkpoint c where c.at < v_before
    order by c.at limit 1000))
    and coalesce(job_state(id), 'unknown') in ('succeeded', 'discarded', 'cancelled', 'expired', 'unknown');
  get diagnostics v_step = row_count;
  return v_count + v_step;
end $$;
