-- What readers and handlers see of workflows.

-- What a job's step waits for and what came of that: one row a step, in the order in which they were
-- made. result is null where that step did not succeed (of a batch: its counts, however it ended).
create or replace function step_inputs(p_job bigint)
returns table (step text, state text, result jsonb)
language sql stable security definer set search_path from current
as $$
  select n.name, n.state, case when n.type = 'batch' then batch_counts(n.id) else n.result end
  from step s join step_edge e on e.step = s.id join step n on n.id = e.needs
  where s.job = p_job order by n.id
$$;

-- Workflows, newest first.
--   p_state, p_name  null: any
--   p_before         only ids below it, null: from the newest
--   p_limit          at most 1,000
create or replace function find_workflows(
  p_state text default null, p_name text default null, p_before bigint default null, p_limit int default 50)
returns table (id bigint, name text, state text, steps bigint, steps_left int, failed bigint,
  created_at timestamptz, ended_at timestamptz)
language sql stable security definer set search_path from current
as $$
  select w.id, w.name, w.state, c.steps, w.steps_left, c.failed, w.created_at, w.ended_at
  from (
    select * from workflow x
    where (p_state is null or x.state = p_state) and (p_name is null or x.name = p_name)
      and (p_before is null or x.id < p_before)
    order by x.id desc limit least(greatest(p_limit, 0), 1000)) w,
    lateral (select count(*) steps,
        count(*) filter (where s.state in ('dead', 'discarded', 'expired')) failed
      from step s where s.workflow = w.id) c
  order by w.id desc
$$;

create or replace function step_story(p_step step) returns jsonb
language sql stable
as $$
  select jsonb_strip_nulls(jsonb_build_object('name', p_step.name, 'type', p_step.type,
    'state', p_step.state, 'job', p_step.job, 'kind', p_step.kind,
    'queue', (select q.name from queue q where q.id = p_step.lane / 4),
    'signal', p_step.signal, 'event_key', p_step.event_key, 'deadline', p_step.deadline,
    'released_at', p_step.released_at, 'ended_at', p_step.ended_at, 'sealed', p_step.sealed,
    'members', case when p_step.type = 'batch' then batch_counts(p_step.id) end))
    || jsonb_build_object(
      'after', coalesce((
        select jsonb_agg(jsonb_build_object('step', n.name, 'when', e.condition) order by n.id)
        from step_edge e join step n on n.id = e.needs where e.step = p_step.id), '[]'),
      'waits_for', coalesce((
        select jsonb_agg(n.name order by n.id) from step_edge e join step n on n.id = e.needs
        where e.step = p_step.id and not e.resolved and p_step.state = 'waiting'), '[]'))
    || case when p_step.result is null then '{}' else jsonb_build_object('result', p_step.result) end
$$;

-- A workflow with its steps as one JSON object, without what is marked as secret; null where it is not
-- known.
create or replace function workflow_story(p_id bigint) returns jsonb
language sql stable security definer set search_path from current
as $$
  select redacted(jsonb_build_object('id', w.id, 'name', w.name, 'state', w.state, 'steps_left', w.steps_left,
    'created_at', w.created_at, 'ended_at', w.ended_at, 'actor', w.actor,
    'steps', coalesce((select jsonb_agg(step_story(s) order by s.id) from step s where s.workflow = w.id), '[]'),
    'signals', coalesce((
      select jsonb_agg(jsonb_build_object('name', x.name, 'payload', x.payload, 'at', x.at, 'actor', x.actor)
        order by x.id)
      from signal x where x.workflow = w.id), '[]')))
  from workflow w where w.id = p_id
$$;

-- The workflow that a job belongs to, as job_story shows it; null for others.
create or replace function workflow_of(p_job bigint) returns jsonb
language sql stable
as $$
  select jsonb_build_object('id', w.id, 'name', w.name, 'state', w.state, 'step', s.name, 'needed_by', (
      select coalesce(jsonb_agg(t.name order by t.id), '[]') from step_edge e join step t on t.id = e.step
      where e.needs = s.id), 'waits_for', (
      select coalesce(jsonb_agg(n.name order by n.id), '[]') from step_edge e join step n on n.id = e.needs
      where e.step = s.id and not e.resolved))
  from (
    select x.id from step x where x.job = p_job
    union all
    select b.step from member_block b
    where b.block = p_job >> 10 and get_bit(b.bits, (p_job & 1023)::int) = 1) m
    join step s on s.id = m.id join workflow w on w.id = s.workflow
  order by s.id limit 1
$$;
