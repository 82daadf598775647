-- The journals and the small tables of the queue. No name carries a schema: the installer's
-- search_path decides where they go, so that several installations share a database.

-- Queues and settings ------------------------------------------------------------------------

-- `since` is the snapshot in which the queue was made: the read position of a lane that nobody
-- has claimed from yet.
create table queue (
  id int generated always as identity primary key,
  name text not null unique check (octet_length(name) between 1 and 128),
  paused_at timestamptz,
  max_payload_bytes int not null default 1048576 check (max_payload_bytes > 0),
  since pg_snapshot not null,
  created_at timestamptz not null default now()
);

-- One row. Times and sizes that an operator may change at run time.
create table setting (
  only_row bool primary key default true check (only_row),
  unknown_queue text not null default 'refuse' check (unknown_queue in ('refuse', 'create')),
  rotate_after interval not null default '1 day' check (rotate_after >= '1 second'),
  rotate_bytes bigint not null default 268435456 check (rotate_bytes >= 8192),
  keep_events interval not null default '30 days'
);
insert into setting default values;

-- Which segment of the ring takes new rows: the newest row says. Insert-only, because a mutable
-- head would collect dead rows on the path of every enqueue while a vacuum horizon is held.
create table rotation (
  seq bigint primary key,
  segment int not null,
  moved bigint not null default 0,
  held bigint not null default 0,
  at timestamptz not null default clock_timestamp()
);
insert into rotation (seq, segment) values (0, 0);

-- The three journals: append-only, partitioned by segment, emptied by TRUNCATE ------------------

create sequence job_id;

-- A lane is a queue's band: queue.id * 4 + band, band 0 (urgent) to 3 (low).
-- A job keeps its id through retries; each appearance in the log is its own (lane, xid, id).
create table job (
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('job_id'),
  enqueued_at timestamptz not null default now(),
  segment int not null,
  lane int not null,
  attempt smallint not null default 1,
  crashes smallint not null default 0,
  kind text not null,
  payload jsonb not null,
  key text,
  unique_key text,
  meta jsonb
) partition by list (segment);

-- The newest row of a lane is its read position: window (lo, hi], rows after (to_xid, to_id).
-- `drained` says that the claim saw the end of its window, so that the next one opens another.
create table claim (
  segment int not null,
  lane int not null,
  seq bigint not null,
  epoch uuid not null,
  lo pg_snapshot not null,
  hi pg_snapshot not null,
  from_xid xid8 not null,
  from_id bigint not null,
  to_xid xid8 not null,
  to_id bigint not null,
  n int not null,
  drained bool not null default false,
  at timestamptz not null default clock_timestamp()
) partition by list (segment);

-- One row a flush of results. `ids` null: all that was left of the claim.
create table closure (
  segment int not null,
  lane int not null,
  seq bigint not null,
  ids bigint[],
  final bool not null,
  at timestamptz not null default clock_timestamp()
) partition by list (segment);

do $$
begin
  for v_segment in 0..3 loop
    execute format('create table job_%s partition of job for values in (%s)', v_segment, v_segment);
    execute format('create table claim_%s partition of claim for values in (%s)', v_segment, v_segment);
    execute format('create table closure_%s partition of closure for values in (%s)', v_segment, v_segment);
    -- An append-only table needs no vacuum for space; an early freeze only reads what is
    -- truncated soon.
    execute format('alter table job_%s set (autovacuum_vacuum_insert_threshold = -1)', v_segment);
    execute format('alter table claim_%s set (autovacuum_vacuum_insert_threshold = -1)', v_segment);
    execute format('alter table closure_%s set (autovacuum_vacuum_insert_threshold = -1)', v_segment);
  end loop;
end $$;

-- Each index on job costs about a third of the enqueue speed; a BRIN costs next to nothing.
create index job_position on job (lane, xid, id);
create index job_by_id on job using brin (id) with (pages_per_range = 32, autosummarize = on);
create index claim_position on claim (lane, seq);
create index claim_by_epoch on claim (epoch);
create index closure_of_claim on closure (lane, seq);

-- Small ordinary tables: only a job that needs more is written here ----------------------------

-- What a job carries with it from table to table: a pattern for the tables below.
create table carried (
  id bigint not null,
  lane int not null,
  attempt smallint not null,
  crashes smallint not null,
  enqueued_at timestamptz not null,
  kind text not null,
  payload jsonb not null,
  key text,
  unique_key text,
  meta jsonb
);

-- Waiting for a time: scheduled, retrying or snoozed.
create table deferred (
  like carried,
  primary key (id),
  state text not null check (state in ('scheduled', 'retrying', 'snoozed')),
  run_at timestamptz not null
);
create index deferred_due on deferred (run_at);

-- Unsettled rows of a claim that were carried out of a segment before it was truncated.
create table held (
  like carried,
  seq bigint not null,
  epoch uuid not null,
  claimed_n int not null,
  claimed_at timestamptz not null,
  primary key (lane, seq, id)
);
create index held_by_epoch on held (epoch);
create index held_by_id on held (id);

-- Waiting for a worker that knows the kind.
create table parked (
  like carried,
  primary key (id),
  parked_at timestamptz not null default clock_timestamp()
);
create index parked_by_kind on parked (kind);

-- Out of attempts, or not to be tried again: kept until an operator decides.
create table dead (
  like carried,
  primary key (id),
  error text,
  died_at timestamptz not null default clock_timestamp()
);
create index dead_by_time on dead (died_at);

drop table carried;

-- A unique key that is held by a waiting job.
create table unique_key (
  key text not null,
  queue int not null references queue (id),
  id bigint not null,
  primary key (queue, key)
);
create index unique_key_by_id on unique_key (id);

-- Rows of the log that a claim must look at before it hands them out. A lane without such rows
-- pays one index probe a claim.
create table flagged (
  lane int not null,
  id bigint not null,
  flag text not null check (flag in ('unique', 'cancelled', 'suspect')),
  primary key (lane, id, flag)
);

-- What happened to a job apart from being enqueued, claimed and done: the story that a journal of
-- batches can't tell.
create table job_event (
  id bigint not null,
  attempt smallint not null,
  event text not null check (event in (
    'retried', 'snoozed', 'handed_back', 'crashed', 'parked', 'unparked', 'dead', 'discarded',
    'cancelled', 'cancel_requested', 'redriven')),
  detail text,
  epoch uuid,
  actor text,
  at timestamptz not null default clock_timestamp()
);
create index job_event_by_id on job_event (id, at);
create index job_event_by_time on job_event using brin (at);

-- Running jobs whose end somebody asked for; workers read them with each heartbeat.
create table cancel_request (
  id bigint primary key,
  at timestamptz not null default clock_timestamp()
);

-- Workers ------------------------------------------------------------------------------------

-- One life of one worker process. Read by every claim and settle, so it changes only when the
-- connection is lost, the worker drains or ends. `session` counts its connections: what a lost
-- connection still sends is refused.
create table worker (
  epoch uuid primary key,
  session int not null default 1,
  host text not null,
  pid int not null,
  version text not null,
  slots int not null check (slots > 0),
  queues text[] not null,
  kinds text[] not null,
  started_at timestamptz not null default clock_timestamp(),
  draining bool not null default false,
  ended_at timestamptz,
  ending text check (ending in ('retired', 'rescued'))
);
create index worker_alive on worker (started_at) where ended_at is null;

-- Updated by each worker every few seconds: apart from `worker`, so that the rows that this leaves
-- behind under a held vacuum horizon are on nobody's path but the leader's.
create table heartbeat (
  epoch uuid primary key references worker (epoch) on delete cascade,
  at timestamptz not null default clock_timestamp(),
  busy int not null default 0,
  missing_since timestamptz
);
