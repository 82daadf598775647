-- How far jobs have come that report it, and what they keep for their next attempt.
create table job_progress (
  id bigint primary key,
  attempt smallint not null,
  fraction float8,
  note text,
  at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

create table job_checkpoint (
  id bigint primary key,
  attempt smallint not null,
  value jsonb not null,
  at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- Handlers of a worker that hang past their timeout.
alter table heartbeat add column leaked int not null default 0;
drop function if exists heartbeat(uuid, int, int);
drop function if exists worker_status() cascade;
