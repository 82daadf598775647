-- Work that comes round: who fires what, when next. One row a schedule.

-- A cron expression, read. Of seconds, minutes, hours and months: for each value the next one that
-- fits (null: none). Days of the month and weekdays (from Sunday): whether they fit. nth: weekday *
-- 10 + which one of the month, 0 the last. either: one of the two kinds of day is enough.
create type cron_plan as (
  every bigint,
  seconds int[],
  minutes int[],
  hours int[],
  months int[],
  days bool[],
  last_day bool,
  weekdays bool[],
  nth int[],
  either bool
);

-- next_tick: the first tick that nothing was decided about. due_at: when the leader has to look, which
-- is next_tick, or sooner while a tick is buffered or a failed firing is tried again.
create table schedule (
  id int generated always as identity primary key,
  name text not null unique check (octet_length(name) between 1 and 128),
  cron text not null,
  time_zone text not null,
  skipped text not null check (skipped in ('skip', 'run_after')),
  repeated text not null check (repeated in ('first', 'both')),
  queue int not null references queue (id),
  kind text not null,
  payload jsonb not null,
  priority smallint not null,
  catch_up text not null check (catch_up in ('none', 'latest', 'all')),
  catch_up_window interval not null check (catch_up_window >= '0'),
  overlap text not null check (overlap in ('skip', 'buffer_one', 'allow')),
  jitter interval not null check (jitter between '0' and '1 day'),
  declared jsonb,
  declared_at timestamptz,
  paused_at timestamptz,
  next_tick timestamptz not null,
  due_at timestamptz not null,
  buffered_tick timestamptz,
  last_tick timestamptz,
  last_job bigint,
  last_fired_at timestamptz,
  fired bigint not null default 0,
  overlapped bigint not null default 0,
  missed_from timestamptz,
  missed_before timestamptz,
  error text,
  error_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp()
);
create index schedule_due on schedule (due_at) where paused_at is null;

-- Jobs of schedules that do not overlap with themselves, until they end.
create table schedule_run (
  id bigint primary key,
  schedule int not null references schedule (id) on delete cascade
);
create index schedule_run_of on schedule_run (schedule);
