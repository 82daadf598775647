-- Limits of a queue; null: off. A rate is so many starts (or units of cost) in so many seconds, with
-- at most `burst` at once. A queue whose `key_order` is set is keyed: its jobs are taken key by key.
alter table queue
  add column max_running int,
  add column rate int,
  add column rate_seconds float8,
  add column rate_burst int,
  add column key_order text,
  add column key_max_running int,
  add column key_rate int,
  add column key_rate_seconds float8,
  add column key_rate_burst int,
  add column frees bool not null -- a settle makes room for others
    generated always as (max_running is not null or key_order is not null) stored;

-- `turn` counts the calls of claim that found work in the queue. A limited queue derives its state from
-- its newest claim rows: `open` lists the claims of the lane that were open before this one (null:
-- nobody looked), `spent` is what was missing in the queue's bucket at `spent_at`.
alter table claim
  add column turn bigint not null default 0,
  add column open bigint[],
  add column spent float8,
  add column spent_at timestamptz;

drop function if exists claim_flagged(claim, uuid, int, int);
