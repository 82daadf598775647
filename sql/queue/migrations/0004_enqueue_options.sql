-- How long a unique key is held, and what a later enqueue gave its holder instead.
--   scope        waiting: until the job is claimed; settled: until it has ended; window: until held_until
--   replacement  {"kind", "payload", "meta", "run_at"} for a job that waits in the log, whose rows are
--                never changed: the claim puts it in place
alter table unique_key
  add column scope text not null default 'waiting' check (scope in ('waiting', 'settled', 'window')),
  add column held_until timestamptz,
  add column replaced int not null default 0,
  add column replacement jsonb,
  add check ((scope = 'window') = (held_until is not null));
create index unique_key_by_end on unique_key (held_until) where held_until is not null;

-- Back-pressure: null where there is none.
alter table queue
  add column max_waiting int check (max_waiting > 0),
  add column max_age interval check (max_age > '0');

-- Grown by parameters.
drop function if exists enqueue(text, text, jsonb, smallint, timestamptz, text, text, text, jsonb);
drop function if exists take_unique_key(queue, text, text, jsonb, timestamptz);
drop function if exists enqueue_many(text, text, jsonb[], smallint, timestamptz);
