-- Workflows: jobs that are enqueued when the jobs they wait for have ended.
--
-- Locks: whoever changes a step holds its workflow's row. Rows are taken in the order member_block (by
-- id), workflow (by id), after the advisory locks of 00_locks.sql. What a settle ends is worked off
-- when its transaction commits (78_endings.sql), all at once and in that order, so that settles of many
-- steps can't deadlock.

-- Makes a workflow of steps and enqueues those that wait for nothing. Returns its id.
--   p_steps    a JSON array; a step may wait only for steps before it in the array. Keys of a step:
--     name         unique in the workflow, 1 to 200 bytes
--     after        what it waits for: names, or {"step": name, "when": "succeeded" | "settled" |
--                  "failed"}; default succeeded. settled: it has ended, however. failed: it is dead,
--                  discarded or expired; of a batch: its first member is.
--     a job        kind, queue ("default"), payload ({}), priority (2), delay_ms, key, meta: as of enqueue
--     a wait       signal: takes the signal of that name which is sent to this workflow, or with event_key
--                  the outside event (name, key); deadline_ms, on_deadline: "fail" (default: the step
--                  expires) or "continue" (it succeeds with the result null)
--     a batch      batch: "open" (members are added until seal_batch) or "filled" (by the steps that it
--                  waits for: sealed when they have ended)
--   p_on_dead  what becomes of steps that wait for the success of a step that fails: 'cancel' (default:
--              they are cancelled too), 'continue' (when is settled unless a step says otherwise)
-- Errors: OG004 unknown queue, OG005 payload too large, OG006 bad argument.
create or replace function create_workflow(
  p_name text, p_steps jsonb default '[]', p_on_dead text default 'cancel')
returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_id bigint;
begin
  if p_name is null or octet_length(p_name) not between 1 and 200 then
    raise exception 'a workflow''s name must have 1 to 200 bytes, got: % bytes',
      coalesce(octet_length(p_name), 0) using errcode = 'OG006';
  end if;
  insert into workflow (name) values (p_name) returning id into v_id;
  perform add_steps(v_id, p_steps, p_on_dead, 'raise');
  return v_id;
end $$;

-- Makes a workflow in which each job waits for the success of the one before it.
--   p_jobs  a JSON array of steps without `after`; their names default to 1, 2, 3 …
create or replace function create_chain(p_name text, p_jobs jsonb) returns bigint
language plpgsql security definer set search_path from current
as $$
begin
  perform require_array(p_jobs, 'jobs');
  return create_workflow(p_name, (
    select jsonb_agg(jsonb_build_object('name', n.name) || j.job
        || case when n.before is null then '{}' else jsonb_build_object('after', jsonb_build_array(n.before)) end
      order by j.place)
    from jsonb_array_elements(p_jobs) with ordinality j (job, place),
      lateral (select coalesce(j.job ->> 'name', j.place::text) name,
        case when j.place > 1 then
          coalesce(p_jobs -> (j.place - 2)::int ->> 'name', (j.place - 1)::text) end before) n));
end $$;

-- Adds steps to a running workflow, also from one of its own jobs. `after` may name steps in any state;
-- `before` lists steps that have not started and shall wait for the success of the new one too.
-- Returns how many were added. The workflow is locked until the caller's transaction ends: call it
-- late.
--   p_on_conflict  when the workflow has a step of that name: 'keep' leaves it as it is, so that a job
--                  may add its steps again after a crash; 'raise' fails
create or replace function add_steps(
  p_workflow bigint, p_steps jsonb, p_on_dead text default 'cancel', p_on_conflict text default 'keep')
returns int
language plpgsql security definer set search_path from current
set jit = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
declare
  v_new bigint[];
  v_ended bigint[];
begin
  perform require_array(p_steps, 'steps');
  perform check_word('on_dead', p_on_dead, array['cancel', 'continue']);
  perform check_word('on_conflict', p_on_conflict, array['keep', 'raise']);
  perform hold_running_workflow(p_workflow);
  v_new := insert_steps(p_workflow, p_steps);
  if p_on_conflict = 'raise' and cardinality(v_new) < jsonb_array_length(p_steps) then
    raise exception 'the names of a workflow''s steps must differ' using errcode = 'OG006',
      hint = 'Give each step a name of its own.';
  end if;
  perform connect_steps(p_workflow, p_steps, v_new, p_on_dead);
  update workflow set steps_left = steps_left + cardinality(v_new) where id = p_workflow;
  -- Edges from steps that have ended already.
  v_ended := array(select distinct n.id from step_edge e join step n on n.id = e.needs
    where not e.resolved and n.ended_at is not null and (e.step = any (v_new) or e.needs = any (v_new)));
  perform fire_failed(array(select distinct n.id from step_edge e join step n on n.id = e.needs
    where e.step = any (v_new) and not e.resolved and e.condition = 'failed' and n.failed_at is not null));
  perform leave_workflow(p_workflow, resolve_steps(v_ended));
  perform advance_workflow(p_workflow, '{}');
  return cardinality(v_new);
end $$;

create or replace function require_array(p_value jsonb, p_name text) returns void
language plpgsql immutable
as $$
begin
  if p_value is null or jsonb_typeof(p_value) <> 'array' then
    raise exception '% must be a JSON array, got: %', p_name, coalesce(jsonb_typeof(p_value), 'NULL')
      using errcode = 'OG006';
  end if;
end $$;

create or replace function check_word(p_name text, p_value text, p_words text[]) returns void
language plpgsql immutable
as $$
begin
  if p_value is null or p_value <> all (p_words) then
    raise exception '% must be one of %, got: %', p_name, array_to_string(p_words, ', '),
      coalesce(left(p_value, 40), 'NULL') using errcode = 'OG006';
  end if;
end $$;

-- The workflow, held until the transaction ends.
create or replace function hold_workflow(p_workflow bigint) returns workflow
language plpgsql
as $$
declare
  v_workflow workflow;
begin
  select * into v_workflow from workflow where id = p_workflow for update;
  if not found then
    raise exception 'workflow % is not known', p_workflow
      using errcode = 'OG009', hint = 'Ended workflows are forgotten after the setting keep_events.';
  end if;
  return v_workflow;
end $$;

create or replace function hold_running_workflow(p_workflow bigint) returns void
language plpgsql
as $$
declare
  v_workflow workflow := hold_workflow(p_workflow);
begin
  -- A new one without steps has not ended.
  if v_workflow.state <> 'running' then
    raise exception 'workflow % is %', p_workflow, v_workflow.state
      using errcode = 'OG009', hint = 'A workflow takes steps, members and signals while it runs; see retry_workflow.';
  end if;
end $$;
