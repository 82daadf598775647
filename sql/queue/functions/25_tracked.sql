-- The end of a job, told to whoever follows it.

-- Called once when a job has come to its end, in the transaction that ends it.
--   p_state  succeeded, dead, discarded, cancelled or expired
create or replace function job_ended(p_lane int, p_id bigint, p_state text) returns void
language plpgsql
as $$
begin
  perform jobs_ended(p_lane, array[p_id], array[p_state]);
end $$;

-- The same of many jobs of a lane.
--   p_states  null: all succeeded
create or replace function jobs_ended(p_lane int, p_ids bigint[], p_states text[]) returns void
language plpgsql
as $$
begin
  perform end_orders(p_lane, p_ids);
  perform tell_end(p_lane, t.id, coalesce(e.state, 'succeeded'))
    from (select distinct id from tracked where lane = p_lane and id = any (p_ids)) t
      left join unnest(p_ids, p_states) e (id, state) on e.id = t.id;
  perform members_ended(p_lane, p_ids, p_states);
end $$;

-- Tells those who follow this one job, each purpose in its own way. The order of keys is not among them:
-- end_orders has told it.
create or replace function tell_end(p_lane int, p_id bigint, p_state text) returns void
language plpgsql
as $$
declare
  v_purpose text;
begin
  for v_purpose in delete from tracked where lane = p_lane and id = p_id returning purpose loop
    case v_purpose
      when 'workflow' then
        insert into ending (lane, ids, states, members)
          values (p_lane, array[p_id], array[p_state], false);
      when 'unique' then
        delete from unique_key u where u.id = p_id and u.scope = 'settled';
      when 'awaited' then
        perform pg_notify(current_schema() || '_ended', p_id::text);
      when 'progress' then delete from job_progress where id = p_id;
      when 'checkpoint' then
        -- A dead job may be tried again, and begins where it had come to.
        if p_state <> 'dead' then delete from job_checkpoint where id = p_id; end if;
      when 'schedule' then perform schedule_run_ended(p_id);
      else null;
    end case;
  end loop;
end $$;

-- Tells of the jobs among p_ids that these outcomes end.
create or replace function end_tracked(p_lane int, p_ids bigint[], p_outcomes jsonb) returns void
language plpgsql
as $$
declare
  v_states text[]; -- null: all succeeded
begin
  if p_outcomes is not null then
    select coalesce(array_agg(e.id), '{}'), array_agg(e.state) into p_ids, v_states from (
      select i.id, outcome_state(o.outcome) state
      from unnest(p_ids) i (id)
        left join jsonb_to_recordset(p_outcomes) o (id bigint, outcome text) on o.id = i.id) e
      where e.state is not null;
  end if;
  perform jobs_ended(p_lane, p_ids, v_states);
end $$;

-- The state in which an outcome leaves a job that it ends; null where the job goes on. No outcome is
-- success.
create or replace function outcome_state(p_outcome text) returns text
language sql immutable
as $$
  select case coalesce(p_outcome, 'succeed')
    when 'succeed' then 'succeeded' when 'dead' then 'dead' when 'discard' then 'discarded'
    when 'cancel' then 'cancelled' when 'expire' then 'expired' end
$$;

-- Counts jobs that have ended in the batches that they are members of. A lane with an open batch has a
-- tracked row with a negative id.
--   p_states  null: all succeeded
create or replace function members_ended(p_lane int, p_ids bigint[], p_states text[]) returns void
language plpgsql
as $$
begin
  if exists (select from tracked where lane = p_lane and id < 0) and cardinality(p_ids) > 0 then
    insert into ending (lane, ids, states, members) values (p_lane, p_ids, p_states, true);
  end if;
end $$;
