-- What handlers have returned, for those who ask; only jobs whose handler returns a value have a row.
create table job_result (
  id bigint primary key,
  result jsonb not null,
  at timestamptz not null default clock_timestamp()
);
create index job_result_by_time on job_result using brin (at);

alter table setting add column keep_results interval not null default '1 day'
  check (keep_results >= '0 seconds');
