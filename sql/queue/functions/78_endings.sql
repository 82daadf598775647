-- Ends of jobs that workflows follow, worked off when the transaction that ends them commits.

-- The first call of a transaction takes all of its ends: first the blocks of members, then the
-- workflows, each in the order of their ids. The plans are pinned: made for the few rows of a flush and
-- kept, they cost a fifth of planning it anew each time.
create or replace function work_off_endings() returns trigger
language plpgsql security definer set search_path from current
set jit = off set enable_bitmapscan = off set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_taken ending[];
  v_members member_end[];
  v_steps bigint[];
  v_jobs bigint[];
  v_workflows bigint[];
  v_workflow bigint;
begin
  if not exists (select from ending where id = new.id) then return null; end if;
  with taken as (delete from ending e where e.xid = pg_current_xact_id() returning e.*)
  select array_agg(t) into v_taken from taken t;
  v_members := count_members(v_taken);
  v_steps := array(select m.step from unnest(v_members) m);
  v_jobs := array(select unnest(t.ids) from unnest(v_taken) t where not t.members);
  v_workflows := array(select s.workflow from step s where s.id = any (v_steps)
    union select s.workflow from step s where s.job = any (v_jobs));
  for v_workflow in
    select w.id from workflow w where w.id = any (v_workflows) order by w.id for update
  loop
    perform advance_workflow(v_workflow,
      end_jobs(v_workflow, v_taken) || end_batches(v_workflow, v_members, v_steps));
  end loop;
  return null;
end $$;

do $$
begin
  if not exists (select from pg_trigger where tgrelid = 'ending'::regclass and tgname = 'at_commit') then
    create constraint trigger at_commit after insert on ending
      deferrable initially deferred for each row execute function work_off_endings();
  end if;
end $$;

-- Ends the steps of one workflow whose jobs have ended, and returns them.
create or replace function end_jobs(p_workflow bigint, p_taken ending[]) returns bigint[]
language plpgsql
as $$
declare
  v_end record;
  v_changed bigint[];
  v_ended bigint[] := '{}';
begin
  for v_end in
    select j.state, array_agg(j.id) ids
    from unnest(p_taken) t, unnest(t.ids, t.states) j (id, state)
    where not t.members group by j.state
  loop
    with changed as (
      update step s set state = v_end.state, ended_at = clock_timestamp(),
        -- Kept with the step, because results are forgotten earlier.
        result = case when v_end.state = 'succeeded' then
          (select r.result from job_result r where r.id = s.job) end
      where s.job = any (v_end.ids) and s.workflow = p_workflow and s.state = 'released'
      returning s.id)
    select coalesce(array_agg(c.id), '{}') into v_changed from changed c;
    v_ended := v_ended || v_changed;
  end loop;
  return v_ended;
end $$;
