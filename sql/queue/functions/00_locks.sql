-- Advisory locks. All are taken in this order, so that none of the protocol's steps can deadlock:
-- epoch, queue, rotation. Keys are hashed from the installation's schema, a purpose and an id:
-- several installations in one database do not meet.

create or replace function lock_key(p_purpose text, p_id text) returns bigint
language sql stable
as $$ select hashtextextended(p_purpose || ':' || p_id, hashtext(current_schema())) $$;

-- Takes a lock for this transaction. Expressions, for the steps that every claim and settle takes: PERFORM
-- starts a query, which costs three times as much.
create or replace function hold_alone(p_key bigint) returns bool
language sql volatile
as $$ select pg_advisory_xact_lock(p_key) is not null $$;

create or replace function hold_shared(p_key bigint) returns bool
language sql volatile
as $$ select pg_advisory_xact_lock_shared(p_key) is not null $$;

-- Whether a session (null: any) holds an advisory lock. Read from pg_locks, because a session's own
-- lock never conflicts with its own try.
create or replace function holds_lock(p_key bigint, p_pid int) returns bool
language sql volatile
as $$
  select exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid::bigint = ((p_key >> 32) & 4294967295)
      and l.objid::bigint = (p_key & 4294967295)
      and (p_pid is null or l.pid = p_pid))
$$;

-- An expression of require_read_committed; never returns.
create or replace function refuse_isolation(p_step text) returns bool
language plpgsql
as $$
begin
  raise exception '% needs the isolation level READ COMMITTED, got: %',
    p_step, upper(current_setting('transaction_isolation'))
    using errcode = 'OG008', hint = 'Call it in a transaction of its own or in a READ COMMITTED one.';
end $$;

-- The protocol reads what the last transaction left after it waited for a lock; an older snapshot
-- would show an old read position, or a dead worker alive. Always true.
create or replace function require_read_committed(p_step text) returns bool
language sql volatile
as $$
  select current_setting('transaction_isolation') = 'read committed' or refuse_isolation(p_step)
$$;

-- Holds the epoch for this transaction and refuses a worker that is dead or whose connection was
-- replaced. Always true.
create or replace function hold_epoch(p_epoch uuid, p_session int) returns bool
language plpgsql
as $$
declare
  v_is_held bool := hold_shared(lock_key('epoch', p_epoch::text));
  v_session int;
begin
  select session into v_session from worker where epoch = p_epoch and ended_at is null;
  if not found then
    raise exception 'worker % is dead', p_epoch
      using errcode = 'OG001', hint = 'Its jobs were given to others. Register again under a new epoch.';
  end if;
  if v_session <> p_session then
    raise exception 'session % of worker % was replaced by session %', p_session, p_epoch, v_session
      using errcode = 'OG003', hint = 'Another connection of this worker was confirmed since.';
  end if;
  return true;
end $$;
