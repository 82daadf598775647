-- The steps of a workflow as its maker describes them.

-- Inserts those that are not there yet, and returns their ids.
create or replace function insert_steps(p_workflow bigint, p_steps jsonb) returns bigint[]
language plpgsql
as $$
declare
  v_new bigint[];
begin
  perform check_step(s) from jsonb_array_elements(p_steps) s;
  with given as materialized (
    select d.*, x.place, x.json from jsonb_array_elements(p_steps) with ordinality x (json, place),
      lateral described_step(x.json) d
    order by x.place),
  added as (
    insert into step (workflow, name, type, lane, kind, payload, key, meta, delay, signal, event_key,
                      patience, on_deadline, sealed)
    select p_workflow, g.name, g.type, q.id * 4 + g.priority, g.kind, g.payload, g.key,
      case when g.type = 'job' then
        g.meta || jsonb_build_object('workflow', p_workflow, 'step', g.name) end,
      g.delay, g.signal, g.event_key, g.patience, g.on_deadline, g.sealed
    from given g left join queue q on g.type = 'job' and q.name = g.queue
    order by g.place
    on conflict (workflow, name) do nothing
    returning id)
  select coalesce(array_agg(id), '{}') into v_new from added;
  return v_new;
end $$;

create or replace function milliseconds(p_number jsonb) returns interval
language sql immutable
as $$
  select case when jsonb_typeof(p_number) = 'number'
    then make_interval(secs => p_number::float8 / 1000) end
$$;

create or replace function described_step(
  p_step jsonb, out name text, out type text, out queue text, out priority smallint, out kind text,
  out payload jsonb, out key text, out meta jsonb, out delay interval, out signal text,
  out event_key text, out patience interval, out on_deadline text, out sealed bool)
language sql immutable
as $$
  select p_step ->> 'name',
    case when p_step ? 'kind' then 'job' when p_step ? 'signal' then 'wait' else 'batch' end,
    coalesce(p_step ->> 'queue', 'default'), coalesce((p_step ->> 'priority')::smallint, 2),
    p_step ->> 'kind', case when p_step ? 'kind' then coalesce(p_step -> 'payload', '{}') end,
    p_step ->> 'key', coalesce(nullif(p_step -> 'meta', 'null'), '{}'),
    milliseconds(p_step -> 'delay_ms'),
    p_step ->> 'signal', p_step ->> 'event_key', milliseconds(p_step -> 'deadline_ms'),
    case when p_step ? 'signal' then coalesce(p_step ->> 'on_deadline', 'fail') end,
    case when p_step ? 'batch' then p_step ->> 'batch' = 'filled' end
$$;

create or replace function check_step(p_step jsonb) returns void
language plpgsql
as $$
declare
  v_name text := p_step ->> 'name';
  v_unknown text;
  v_number text;
begin
  if jsonb_typeof(p_step) <> 'object' then
    raise exception 'a step must be a JSON object, got: %', jsonb_typeof(p_step) using errcode = 'OG006';
  end if;
  if v_name is null or octet_length(v_name) not between 1 and 200 then
    raise exception 'a step''s name must have 1 to 200 bytes, got: % bytes', coalesce(octet_length(v_name), 0)
      using errcode = 'OG006';
  end if;
  if (p_step ? 'kind')::int + (p_step ? 'signal')::int + (p_step ? 'batch')::int <> 1 then
    raise exception 'step "%" must have one of kind, signal and batch', v_name using errcode = 'OG006';
  end if;
  select k into v_unknown from jsonb_object_keys(p_step) k
    where k <> all (case when p_step ? 'kind'
        then array['kind', 'queue', 'payload', 'priority', 'delay_ms', 'key', 'meta']
      when p_step ? 'signal' then array['signal', 'event_key', 'deadline_ms', 'on_deadline']
      else array['batch'] end || array['name', 'after', 'before']) limit 1;
  if v_unknown is not null then
    raise exception 'step "%" has the key "%"', v_name, left(v_unknown, 80)
      using errcode = 'OG006', hint = 'See create_workflow for the keys of a step.';
  end if;
  foreach v_number in array array['priority', 'delay_ms', 'deadline_ms'] loop
    if p_step ? v_number and (jsonb_typeof(p_step -> v_number) <> 'number'
        or (p_step -> v_number)::numeric not between 0 and 3155760000000) then
      raise exception '% of step "%" must be a number, 0 to 100 years, got: %', v_number, v_name,
        left(p_step ->> v_number, 40) using errcode = 'OG006';
    end if;
  end loop;
  if p_step ? 'kind' then
    if p_step ? 'meta' and jsonb_typeof(p_step -> 'meta') not in ('object', 'null') then
      raise exception 'meta of step "%" must be a JSON object, got: %', v_name, jsonb_typeof(p_step -> 'meta')
        using errcode = 'OG006';
    end if;
    perform check_text('key', p_step ->> 'key', 512);
    if (p_step -> 'priority')::numeric > 3 then
      raise exception 'priority must be 0 (urgent), 1 (high), 2 (normal) or 3 (low), got: %',
        p_step ->> 'priority' using errcode = 'OG006';
    end if;
    perform check_job(q.name, q.max_payload_bytes, p_step ->> 'kind', coalesce(p_step -> 'payload', '{}'),
        coalesce((p_step ->> 'priority')::smallint, 2::smallint), null)
      from queue_named(coalesce(p_step ->> 'queue', 'default')) q;
  elsif p_step ? 'signal' then
    perform check_signal(p_step ->> 'signal', p_step ->> 'event_key');
    perform check_word('on_deadline', coalesce(p_step ->> 'on_deadline', 'fail'), array['fail', 'continue']);
  else
    perform check_word('batch', p_step ->> 'batch', array['open', 'filled']);
  end if;
end $$;

-- Has the new steps wait for what they name. A step waits only for steps with smaller ids, save for
-- `before`, so that only that can close a circle.
create or replace function connect_steps(
  p_workflow bigint, p_steps jsonb, p_new bigint[], p_on_dead text)
returns void
language plpgsql
as $$
declare
  v_edge record;
  v_late bigint[] := '{}';
begin
  for v_edge in
    select s.id step, s.name, n.id needs, a.needs_name, a.condition
    from jsonb_array_elements(p_steps) x
      join step s on s.workflow = p_workflow and s.name = x ->> 'name' and s.id = any (p_new),
      lateral needs_of(x -> 'after', case p_on_dead when 'continue' then 'settled' else 'succeeded' end) a
      left join step n on n.workflow = p_workflow and n.name = a.needs_name
  loop
    if v_edge.needs is null or v_edge.needs >= v_edge.step then
      raise exception 'step "%" waits for "%", which is not before it', v_edge.name, v_edge.needs_name
        using errcode = 'OG006', hint = 'List a step after all that it waits for.';
    end if;
    perform check_word('when', v_edge.condition, array['succeeded', 'settled', 'failed']);
    insert into step_edge (step, needs, condition) values (v_edge.step, v_edge.needs, v_edge.condition)
      on conflict do nothing;
    if not found then
      raise exception 'step "%" waits for "%" twice', v_edge.name, v_edge.needs_name using errcode = 'OG006';
    end if;
  end loop;
  for v_edge in
    select s.id needs, s.name, t.id step, b.name later, t.state
    from jsonb_array_elements(p_steps) x
      join step s on s.workflow = p_workflow and s.name = x ->> 'name' and s.id = any (p_new),
      lateral jsonb_array_elements_text(coalesce(nullif(x -> 'before', 'null'), '[]')) b (name)
      left join step t on t.workflow = p_workflow and t.name = b.name
  loop
    if v_edge.state is distinct from 'waiting' then
      raise exception 'step "%" can''t come before "%", which is %', v_edge.name, v_edge.later,
        coalesce(v_edge.state, 'not known') using errcode = 'OG009',
        hint = 'Let the later step wait for the one that adds steps before it.';
    end if;
    insert into step_edge (step, needs, condition)
      values (v_edge.step, v_edge.needs, case p_on_dead when 'continue' then 'settled' else 'succeeded' end)
      on conflict do nothing;
    v_late := v_late || v_edge.step;
  end loop;
  perform refuse_circle(v_late);
  update step s set remaining = (
      select count(*) from step_edge e where e.step = s.id and not e.resolved)
    where s.id = any (p_new || v_late);
end $$;

create or replace function needs_of(p_after jsonb, p_condition text)
returns table (needs_name text, condition text)
language sql immutable
as $$
  select case jsonb_typeof(a) when 'string' then a #>> '{}' else a ->> 'step' end,
    case jsonb_typeof(a) when 'string' then p_condition else coalesce(a ->> 'when', p_condition) end
  from jsonb_array_elements(coalesce(nullif(p_after, 'null'), '[]')) a
$$;

create or replace function refuse_circle(p_late bigint[]) returns void
language plpgsql
as $$
declare
  v_step bigint;
  v_name text;
begin
  foreach v_step in array p_late loop
    with recursive later (id) as (
      select e.step from step_edge e where e.needs = v_step
      union
      select e.step from later l join step_edge e on e.needs = l.id)
    select s.name into v_name from later l join step s using (id) where l.id = v_step;
    if found then
      raise exception 'step "%" would wait for itself', v_name using errcode = 'OG006',
        hint = 'What comes before a step can''t wait for it.';
    end if;
  end loop;
end $$;
