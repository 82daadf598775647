-- Kinds whose jobs end the process that runs them.

-- Crashes of which the culprit is known: the job ran alone.
create table kind_crash (
  kind text not null,
  id bigint not null,
  detail text,
  at timestamptz not null default clock_timestamp()
);
create index kind_crash_by_kind on kind_crash (kind, at);

-- Kinds whose jobs are parked rather than handed out.
create table quarantine (
  kind text primary key,
  reason text not null,
  at timestamptz not null default clock_timestamp()
);

alter table setting
  add column quarantine_after int not null default 5 check (quarantine_after >= 0),
  add column quarantine_window interval not null default '1 hour'
    check (quarantine_window > '0 seconds');
