-- Ends of jobs that workflows follow, worked off when the transaction that ends them commits.

-- The first call of a transaction takes all of its ends: first the blocks of members, then the
-- workflows, each in the order of their ids.
create or replace function work_off_endings() returns trigger
language plpgsql security definer set search_path from current set jit = off
as $$
declare
  v_taken ending[];
  v_members member_end[];
  v_workflow bigint;
begin
  if not exists (select from ending where id = new.id) then return null; end if;
  with taken as (delete from ending e where e.xid = pg_current_xact_id() returning e.*)
  select array_agg(t) into v_taken from taken t;
  v_members := count_members(v_taken);
  for v_workflow in
    select w.id from workflow w
    where w.id in (
      select s.workflow from step s where s.id in (select m.step from unnest(v_members) m)
      union
      select s.workflow from step s where s.job in (
        select unnest(t.ids) from unnest(v_taken) t where not t.members))
    order by w.id for update
  loop
    perform advance_workflow(v_workflow,
      end_jobs(v_workflow, v_taken) || end_batches(v_workflow, v_members));
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
  v_ended bigint[];
begin
  with gone as (
    select j.id, j.state
    from unnest(p_taken) t, unnest(t.ids, t.states) j (id, state) where not t.members),
  changed as (
    update step s set state = g.state, ended_at = clock_timestamp(),
      -- Kept with the step, because results are forgotten earlier.
      result = case when g.state = 'succeeded' then (select r.result from job_result r where r.id = s.job) end
    from gone g where s.job = g.id and s.workflow = p_workflow and s.state = 'released'
    returning s.id)
  select coalesce(array_agg(c.id), '{}') into v_ended from changed c;
  return v_ended;
end $$;
