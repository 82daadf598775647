-- Workflows: steps that wait for each other, batches of members, signals. A plain job touches none of
-- these tables.

-- `steps_left` counts the steps that have not ended. Whoever changes a step's state holds the
-- workflow's row.
create table workflow (
  id bigint generated always as identity primary key,
  name text not null,
  state text not null default 'running'
    check (state in ('running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
  steps_left int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  actor text not null default session_user
) with (fillfactor = 70);
create index workflow_ended on workflow (ended_at) where ended_at is not null;
create index workflow_by_name on workflow (name, id);

-- A job that is enqueued when the last of what it waits for has ended, a wait for a signal, or a batch
-- of members.
--   state      waiting (for other steps), released (its job is enqueued, it waits for its signal, its
--              batch is open), then succeeded, dead, discarded, expired, cancelled or skipped
--   remaining  what it still waits for
--   result     what steps that follow read: the handler's result, the signal's payload, the
--              batch's counts
create table step (
  id bigint generated always as identity primary key,
  workflow bigint not null references workflow (id) on delete cascade,
  name text not null,
  type text not null check (type in ('job', 'wait', 'batch')),
  state text not null default 'waiting' check (state in ('waiting', 'released', 'succeeded', 'dead',
    'discarded', 'expired', 'cancelled', 'skipped')),
  remaining int not null default 0,
  lane int,
  kind text,
  payload jsonb,
  key text,
  meta jsonb,
  delay interval,
  job bigint,
  signal text,
  event_key text,
  patience interval,
  on_deadline text check (on_deadline in ('fail', 'continue')),
  deadline timestamptz,
  sealed bool,
  blocks int not null default 0,
  blocks_done int not null default 0,
  failed_at timestamptz,
  result jsonb,
  released_at timestamptz,
  ended_at timestamptz,
  unique (workflow, name)
) with (fillfactor = 80);
create index step_of_job on step (job) where job is not null;
create index step_ready on step (workflow) where state = 'waiting' and remaining = 0;
create index step_listening on step (signal, event_key) where type = 'wait' and state = 'released';
create index step_deadline on step (deadline) where type = 'wait' and state = 'released';

-- `step` waits for `needs` to succeed, to end (settled), or to fail.
create table step_edge (
  step bigint not null references step (id) on delete cascade,
  needs bigint not null references step (id) on delete cascade,
  condition text not null check (condition in ('succeeded', 'settled', 'failed')),
  resolved bool not null default false,
  primary key (step, needs)
);
create index step_edge_out on step_edge (needs);

-- Members of a batch: which of 1,024 consecutive job ids, as bits, and how many have not ended. A
-- batch's members cost no row of their own, and a flush of results one update a block.
create table member_block (
  id bigint generated always as identity primary key,
  step bigint not null references step (id) on delete cascade,
  lane int not null,
  block bigint not null,
  bits bit(1024) not null,
  size smallint not null,
  unsettled smallint not null,
  dead smallint not null default 0,
  discarded smallint not null default 0,
  expired smallint not null default 0,
  cancelled smallint not null default 0
) with (fillfactor = 50);
create index member_block_place on member_block (block, lane);
create index member_block_of_step on member_block (step, id);

-- Signals nobody has waited for yet: to one workflow, or (workflow null) outside events by name and
-- key. A signal is gone from here once a step has taken it.
create table signal (
  id bigint generated always as identity primary key,
  workflow bigint references workflow (id) on delete cascade,
  name text not null,
  key text not null default '',
  payload jsonb,
  actor text not null default session_user,
  at timestamptz not null default clock_timestamp()
);
create index signal_of_workflow on signal (workflow, name, id) where workflow is not null;
create index signal_of_event on signal (name, key, id) where workflow is null;

-- Ends of jobs that workflows follow, kept for the rest of the transaction that ends them: they are
-- worked off when it commits. Empty for everybody else.
create table ending (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  lane int not null,
  ids bigint[] not null,
  states text[],
  members bool not null
);
create index ending_by_xid on ending (xid);

-- Within one transaction: what to add to a block, and what that means to its batch.
create type member_count as (
  block bigint, n int, dead int, discarded int, expired int, cancelled int);
create type member_end as (step bigint, done int, failed bool);
