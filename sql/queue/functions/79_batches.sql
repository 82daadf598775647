-- Batches: steps with any number of members, which are ordinary jobs. Membership is kept as bits of
-- blocks of 1,024 ids, so that a member costs no row of its own; its end is counted in its block by the
-- flush of results that ends it, and only a block that is complete touches the batch.

-- A workflow of one open batch, the step "members", and its callbacks.
--   p_callbacks  jobs to enqueue, each an object as a step of create_workflow without name:
--     settled    when all members have ended, however
--     succeeded  when all have succeeded
--     failed     once, when the first is dead, discarded or expired
-- Callbacks read the counts of the batch by step_inputs.
create or replace function create_batch(p_name text, p_callbacks jsonb default '{}') returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_event text;
begin
  for v_event in select jsonb_object_keys(coalesce(p_callbacks, '{}')) loop
    perform check_word('callback', v_event, array['settled', 'succeeded', 'failed']);
  end loop;
  return create_workflow(p_name, '[{"name": "members", "batch": "open"}]' || coalesce((
    select jsonb_agg(c.value || jsonb_build_object('name', 'on ' || c.key, 'after', jsonb_build_array(
      jsonb_build_object('step', 'members', 'when', c.key))) order by c.key)
    from jsonb_each(coalesce(p_callbacks, '{}')) c), '[]'));
end $$;

-- Enqueues jobs of one kind as members of a batch; returns how many. The batch must not have ended:
-- its own members and the steps before it may add more. The workflow is locked until the caller's
-- transaction ends.
create or replace function add_members(
  p_workflow bigint, p_queue text, p_kind text, p_payloads jsonb[], p_priority smallint default 2,
  p_run_at timestamptz default null, p_step text default 'members')
returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_step step := hold_batch(p_workflow, p_step);
  v_queue queue := queue_named(p_queue);
  v_ids bigint[] := array(select enqueue_many(p_queue, p_kind, p_payloads, p_priority, p_run_at));
begin
  perform put_members(v_step.id, v_queue.id * 4 + p_priority, v_ids);
  return cardinality(v_ids);
end $$;

-- Makes members of the jobs that this transaction has put into a lane by COPY, from an id on.
create or replace function adopt_members(
  p_workflow bigint, p_queue text, p_priority smallint, p_from bigint, p_step text default 'members')
returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_step step := hold_batch(p_workflow, p_step);
  v_queue queue := queue_named(p_queue);
  v_lane int := v_queue.id * 4 + p_priority;
  v_ids bigint[] := array(select j.id from job j
    where j.lane = v_lane and j.xid = pg_current_xact_id_if_assigned() and j.id >= p_from);
begin
  perform put_members(v_step.id, v_lane, v_ids);
  return cardinality(v_ids);
end $$;

-- Nothing more comes: the batch ends with its last member.
create or replace function seal_batch(p_workflow bigint, p_step text default 'members') returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_step step := hold_batch(p_workflow, p_step);
begin
  update step set sealed = true where id = v_step.id;
  if end_batch(v_step.id) then
    perform advance_workflow(p_workflow, array[v_step.id]);
  end if;
end $$;

-- create_batch, add_members and seal_batch in one call. Returns the workflow's id.
create or replace function enqueue_batch(
  p_queue text, p_kind text, p_payloads jsonb[], p_callbacks jsonb default '{}',
  p_name text default 'batch', p_priority smallint default 2)
returns bigint
language plpgsql security definer set search_path from current
as $$
declare
  v_workflow bigint := create_batch(p_name, p_callbacks);
begin
  perform add_members(v_workflow, p_queue, p_kind, p_payloads, p_priority);
  perform seal_batch(v_workflow);
  return v_workflow;
end $$;

create or replace function hold_batch(p_workflow bigint, p_step text) returns step
language plpgsql
as $$
declare
  v_step step;
begin
  perform hold_running_workflow(p_workflow);
  select * into v_step from step s where s.workflow = p_workflow and s.name = p_step and s.type = 'batch';
  if not found or v_step.ended_at is not null then
    raise exception 'workflow % has no batch "%" that takes members', p_workflow, left(p_step, 200)
      using errcode = 'OG009', hint = 'A batch takes members until it has ended.';
  end if;
  return v_step;
end $$;

create or replace function put_members(p_step bigint, p_lane int, p_ids bigint[]) returns void
language plpgsql
as $$
declare
  v_count int;
begin
  insert into member_block (step, lane, block, bits, size, unsettled)
    select p_step, p_lane, i >> 10,
      bit_or(set_bit(repeat('0', 1024)::bit(1024), (i & 1023)::int, 1)), count(*), count(*)
    from unnest(p_ids) i group by i >> 10 order by i >> 10;
  get diagnostics v_count = row_count;
  if v_count = 0 then return; end if;
  update step set blocks = blocks + v_count where id = p_step;
  insert into tracked (lane, id, purpose) values (p_lane, -p_step, 'batch') on conflict do nothing;
end $$;

-- Counts ends in the blocks of members; returns the batches of which a block is complete, or of which
-- a member failed that may be the first. Each block is found by its place (offset 0 keeps the planner
-- from reading them all for a join), so that the cost does not depend on how many there are.
create or replace function count_members(p_taken ending[]) returns member_end[]
language plpgsql
as $$
declare
  v_counts member_count[];
  v_blocks bigint[];
  v_ends member_end[];
begin
  with place as (
    select t.lane, e.id >> 10 block, array_agg(e.id) ids, array_agg(coalesce(e.state, 'succeeded')) states
    from unnest(p_taken) t, unnest(t.ids, t.states) e (id, state)
    where t.members group by 1, 2),
  counted as (
    select b.id block, count(*) n, count(*) filter (where e.state = 'dead') dead,
      count(*) filter (where e.state = 'discarded') discarded,
      count(*) filter (where e.state = 'expired') expired,
      count(*) filter (where e.state = 'cancelled') cancelled
    from place p,
      lateral (select m.id, m.bits from member_block m where m.block = p.block and m.lane = p.lane offset 0) b,
      unnest(p.ids, p.states) e (id, state)
    where get_bit(b.bits, (e.id & 1023)::int) = 1
    group by b.id)
  select array_agg((c.block, c.n, c.dead, c.discarded, c.expired, c.cancelled)::member_count),
      array_agg(c.block)
    into v_counts, v_blocks from counted c;
  if v_counts is null then return '{}'; end if;
  perform from member_block b where b.id = any (v_blocks) order by b.id for update;
  with changed as (
    update member_block b set unsettled = b.unsettled - c.n, dead = b.dead + c.dead,
      discarded = b.discarded + c.discarded, expired = b.expired + c.expired,
      cancelled = b.cancelled + c.cancelled
    from unnest(v_counts) c where b.id = any (v_blocks) and b.id = c.block
    returning b.step, b.unsettled = 0 is_done, c.dead + c.discarded + c.expired > 0 has_failed),
  ends as (
    select c.step, count(*) filter (where c.is_done) done, bool_or(c.has_failed) failed
    from changed c group by c.step)
  select array_agg((e.step, e.done, e.failed)::member_end) into v_ends
    from ends e
    where e.done > 0 or (e.failed and (select s.failed_at is null from step s where s.id = e.step));
  return coalesce(v_ends, '{}');
end $$;

-- Takes these counts into the batches of one workflow, and returns those that have ended.
create or replace function end_batches(p_workflow bigint, p_members member_end[], p_steps bigint[])
returns bigint[]
language plpgsql
as $$
declare
  v_member member_end;
  v_ended bigint[] := '{}';
begin
  for v_member in
    select m.* from unnest(p_members) m
    where m.step in (select s.id from step s where s.id = any (p_steps) and s.workflow = p_workflow)
    order by m.step
  loop
    update step s set blocks_done = s.blocks_done + v_member.done where s.id = v_member.step;
    if v_member.failed then
      update step s set failed_at = clock_timestamp() where s.id = v_member.step and s.failed_at is null;
      if found then perform fire_failed(array[v_member.step]); end if;
    end if;
    if end_batch(v_member.step) then v_ended := v_ended || v_member.step; end if;
  end loop;
  return v_ended;
end $$;

-- Ends a batch that is released, sealed and complete; false where it is not.
create or replace function end_batch(p_step bigint) returns bool
language plpgsql
as $$
declare
  v_counts jsonb;
begin
  if not exists (select from step s where s.id = p_step and s.state = 'released' and s.sealed
                   and s.blocks = s.blocks_done) then
    return false;
  end if;
  v_counts := batch_counts(p_step);
  update step set ended_at = clock_timestamp(), result = v_counts, state = case
      when (v_counts ->> 'dead')::int + (v_counts ->> 'discarded')::int + (v_counts ->> 'expired')::int > 0
        then 'dead'
      when (v_counts ->> 'cancelled')::int > 0 then 'cancelled'
      else 'succeeded' end
    where id = p_step;
  perform unmark_batch(p_step);
  return true;
end $$;

-- Its lanes need not look for its members any more.
create or replace function unmark_batch(p_step bigint) returns void
language sql
as $$
  delete from tracked t using (select distinct b.lane from member_block b where b.step = p_step) l
  where t.lane = l.lane and t.id = -p_step
$$;

create or replace function batch_counts(p_step bigint) returns jsonb
language sql stable
as $$
  select jsonb_build_object('total', coalesce(sum(b.size), 0),
    'succeeded', coalesce(sum(b.size - b.unsettled - b.dead - b.discarded - b.expired - b.cancelled), 0),
    'unsettled', coalesce(sum(b.unsettled), 0), 'dead', coalesce(sum(b.dead), 0),
    'discarded', coalesce(sum(b.discarded), 0), 'expired', coalesce(sum(b.expired), 0),
    'cancelled', coalesce(sum(b.cancelled), 0))
  from member_block b where b.step = p_step
$$;
