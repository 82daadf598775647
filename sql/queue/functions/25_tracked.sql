-- The end of a job, told to whoever follows it.

-- Called once when a job has come to its end, in the transaction that ends it.
--   p_state  succeeded, dead, discarded, cancelled or expired
create or replace function job_ended(p_lane int, p_id bigint, p_state text) returns void
language plpgsql
as $$
declare
  v_purposes text[];
begin
  with gone as (
    delete from tracked where lane = p_lane and id = p_id returning purpose)
  select array_agg(purpose) into v_purposes from gone;
  if 'unique' = any (v_purposes) then
    delete from unique_key u where u.id = p_id and u.scope = 'settled';
  end if;
  if 'awaited' = any (v_purposes) then
    perform pg_notify(current_schema() || '_ended', p_id::text);
  end if;
end $$;

-- The jobs among p_ids that are followed and that these outcomes end.
create or replace function end_tracked(p_lane int, p_ids bigint[], p_outcomes jsonb) returns void
language sql
as $$
  select job_ended(p_lane, t.id, case coalesce(o.outcome, 'succeed')
      when 'succeed' then 'succeeded' when 'dead' then 'dead' when 'discard' then 'discarded'
      when 'cancel' then 'cancelled' when 'expire' then 'expired' end)
  from (select distinct id from tracked where lane = p_lane and id = any (p_ids)) t
    left join jsonb_to_recordset(coalesce(p_outcomes, '[]')) o (id bigint, outcome text)
      on o.id = t.id
  where coalesce(o.outcome, 'succeed') not in ('retry', 'snooze', 'hand_back', 'park')
$$;
