-- Jobs of keyed queues that wait for the turn of their key; sorted out of the log by claims. Jobs
-- without a key have the key ''. `place` counts the transactions that had ended when the job was seen
-- in the log: with the id, the order of commits.
create table keyed (
  id bigint primary key,
  lane int not null,
  key text collate "C" not null,
  place float8 not null,
  attempt smallint not null,
  crashes smallint not null,
  enqueued_at timestamptz not null,
  kind text not null,
  payload jsonb not null,
  unique_key text,
  meta jsonb
);
create index keyed_in_order on keyed (lane, key, place, id);

-- The job that a key of a fifo queue has begun and not ended: it alone may run. Derived from nothing,
-- so it goes with the end of the job itself (table tracked, purpose 'order').
create table key_slot (
  id bigint primary key,
  queue int not null,
  key text collate "C" not null
);
create index key_slot_of_key on key_slot (queue, key);

-- What was missing in a key's bucket at a time. A row whose bucket is full again may go at any time.
create table key_bucket (
  queue int not null,
  key text collate "C" not null,
  spent float8 not null,
  spent_at timestamptz not null,
  primary key (queue, key)
);

-- Running jobs of keyed queues lie in `held`: they are counted by key.
create index held_by_key on held ((lane / 4), key);

-- Where the keys of the lane were looked at last.
alter table claim add column cursor text collate "C";

-- A key that may start jobs: how many, its tokens (null: no rate), and the job that it has begun and
-- that has come back (null: the next one).
create type key_turn as (key text collate "C", room int, tokens float8, begun bigint);
