-- Poison: jobs that end the process that runs them, and kinds that have many of those.

-- A job has ended its process while it ran alone: its crash is certain. At the third it is buried;
-- until then it may try again.
create or replace function job_crashed(p_job job, p_error text, p_epoch uuid) returns void
language plpgsql
as $$
begin
  p_job.crashes := least(p_job.crashes + 1, 3);
  perform add_event(p_job.id, p_job.attempt, 'crashed', p_error, p_epoch);
  perform kind_crashed(p_job.kind, p_job.id, p_error);
  if p_job.crashes >= 3 then
    perform bury(p_job, coalesce(p_error, 'crashed') || ', its third crash', p_epoch);
    perform job_ended(p_job.lane, p_job.id, 'dead');
  else
    perform append_again(p_job);
  end if;
end $$;

-- Counts a certain crash. With the setting quarantine_after different jobs (0: never) within
-- quarantine_window the kind is quarantined.
create or replace function kind_crashed(p_kind text, p_id bigint, p_detail text) returns void
language plpgsql
as $$
declare
  v_setting setting := (select s from setting s);
  v_since timestamptz := clock_timestamp() - v_setting.quarantine_window;
  v_jobs bigint;
begin
  insert into kind_crash (kind, id, detail) values (p_kind, p_id, left(p_detail, 500));
  if v_setting.quarantine_after = 0 then return; end if;
  select count(distinct c.id) into v_jobs from kind_crash c
    where c.kind = p_kind and c.at > v_since;
  if v_jobs >= v_setting.quarantine_after then
    insert into quarantine (kind, reason)
      values (p_kind, format('%s jobs of this kind have crashed within %s', v_jobs,
                             v_setting.quarantine_window))
      on conflict do nothing;
  end if;
end $$;

-- Parks those of the jobs that are about to be handed out whose kinds are quarantined; returns them.
create or replace function park_quarantined(p_jobs job[]) returns bigint[]
language plpgsql
as $$
declare
  v_ids bigint[];
begin
  with bad as materialized (
    select j.* from unnest(p_jobs) j join quarantine q on q.kind = j.kind),
  told as (
    select add_event(b.id, b.attempt, 'parked', 'quarantined', null) from bad b),
  placed as (
    insert into parked (id, lane, attempt, crashes, enqueued_at, kind, payload, key, unique_key, meta)
      select b.id, b.lane, b.attempt, b.crashes, b.enqueued_at, b.kind, b.payload, b.key,
        kept_unique_key(b::job), b.meta
      from bad b returning id)
  select coalesce(array_agg(p.id), '{}') into v_ids
    from placed p, (select count(*) from told) t;
  return v_ids;
end $$;

-- Jobs of the kind are parked from now on; those that run go on. Does nothing where it is so already.
create or replace function quarantine_kind(p_kind text, p_reason text default 'by an operator')
returns void
language plpgsql security definer set search_path from current
as $$
begin
  perform check_text('kind', p_kind, 200);
  insert into quarantine (kind, reason) values (p_kind, left(p_reason, 500)) on conflict do nothing;
end $$;

-- Ends a quarantine: the crashes of the kind are forgotten, its parked jobs return to the log where a
-- worker knows it. Returns whether it was quarantined.
create or replace function release_kind(p_kind text) returns bool
language plpgsql security definer set search_path from current
as $$
begin
  delete from quarantine where kind = p_kind;
  if not found then return false; end if;
  delete from kind_crash where kind = p_kind;
  perform unpark_known();
  return true;
end $$;

-- Kinds that have crashed or are quarantined: certain crashes within the setting quarantine_window, of
-- how many jobs, and how many jobs are parked.
create or replace function kind_status()
returns table (kind text, crashes bigint, jobs bigint, last_crash_at timestamptz,
  last_detail text, quarantined_at timestamptz, reason text, parked bigint)
language sql stable security definer set search_path from current
as $$
  with counted as (
    select c.kind, count(*) n, count(distinct c.id) jobs, max(c.at) last_at,
      (array_agg(c.detail order by c.at desc))[1] detail
    from kind_crash c where c.at > clock_timestamp() - (select quarantine_window from setting)
    group by c.kind)
  select coalesce(c.kind, q.kind), coalesce(c.n, 0), coalesce(c.jobs, 0), c.last_at, c.detail, q.at,
    q.reason, (select count(*) from parked p where p.kind = coalesce(c.kind, q.kind))
  from counted c full join quarantine q on q.kind = c.kind
  order by 1
$$;
