-- Results: what a handler returned, and waiting for the end of a job.

-- Keeps the results among outcomes; called before the end of the jobs is told, so that whoever follows
-- one can read it.
create or replace function store_results(p_outcomes jsonb, p_ids bigint[]) returns void
language sql
as $$
  insert into job_result (id, result)
  select o.id, coalesce(o.result, 'null')
  from outcomes_among(p_ids, p_outcomes) o
  where o.outcome = 'succeed'
  on conflict (id) do update set result = excluded.result, at = clock_timestamp()
$$;

-- How a job has ended: its state, the result of its handler where that returned one, and the error or
-- the reason where it did not succeed. State null: nothing is known of the job (it is not committed,
-- or was forgotten); a state that is not final: it has not ended yet.
create or replace function job_end(p_id bigint)
returns table (state text, result jsonb, error text)
language plpgsql stable security definer set search_path from current
as $$
declare
  v_state text;
begin
  return query select 'succeeded', r.result, null::text from job_result r where r.id = p_id;
  if found then return; end if;
  v_state := job_state(p_id);
  return query select v_state, null::jsonb, case
    when v_state = 'dead' then (select d.error from dead d where d.id = p_id)
    when v_state in ('cancelled', 'discarded', 'expired') then (
      select e.detail from job_event e where e.id = p_id and e.event = v_state
      order by e.at desc limit 1) end;
end $$;

-- Has the end of a job told on the channel <schema>_ended, with the job's id. Listen first, then call
-- this in a transaction of its own, then look at job_end; a settle that is under way at that moment is
-- not told, so look again after a while. Costs a row in `tracked` until the job ends.
create or replace function await_end(p_id bigint) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_lane int := job_lane(p_id);
begin
  if v_lane is not null then
    insert into tracked (lane, id, purpose) values (v_lane, p_id, 'awaited') on conflict do nothing;
  end if;
end $$;

-- The lane of a job that has not ended, as far as it is known.
create or replace function job_lane(p_id bigint) returns int
language plpgsql stable
as $$
begin
  return (select lane from (
      select d.lane, 1 place from deferred d where d.id = p_id union all
      select p.lane, 1 from parked p where p.id = p_id union all
      select h.lane, 1 from held h where h.id = p_id union all
      select d.lane, 1 from dead d where d.id = p_id union all
      (select j.lane, 2 from log_rows(p_id) j limit 1)) known
    order by place limit 1);
end $$;

-- Forgets results that are older than the setting keep_results, and the interest of those who asked
-- too late or left. Returns the number of rows.
create or replace function prune_results() returns int
language plpgsql
as $$
declare
  v_before timestamptz := clock_timestamp() - (select keep_results from setting);
  v_count int;
  v_step int;
begin
  delete from job_result where ctid = any (array(
    select r.ctid from job_result r where r.at < v_before limit 10000));
  get diagnostics v_count = row_count;
  delete from tracked t where t.purpose = 'awaited' and t.id = any (array(
    select x.id from tracked x where x.purpose = 'awaited' order by x.id limit 1000))
    and coalesce(job_state(t.id), 'unknown')
      in ('succeeded', 'dead', 'discarded', 'cancelled', 'expired', 'unknown');
  get diagnostics v_step = row_count;
  return v_count + v_step;
end $$;
