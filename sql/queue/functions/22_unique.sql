-- Unique keys: in a queue at most one job holds a key. The primary key of unique_key makes it exact,
-- whoever enqueues at the same time; a rolled back enqueue gives the key back by itself.

create or replace function check_unique(
  p_on_conflict text, p_scope text, p_for interval)
returns void
language plpgsql immutable
as $$
begin
  if p_on_conflict is null or p_on_conflict not in ('keep', 'replace', 'raise') then
    raise exception 'on_conflict must be keep, replace or raise, got: %', left(p_on_conflict, 40)
      using errcode = 'OG006';
  end if;
  if p_scope is null or p_scope not in ('waiting', 'settled', 'window') then
    raise exception 'unique_scope must be waiting, settled or window, got: %', left(p_scope, 40)
      using errcode = 'OG006';
  end if;
  if (p_scope = 'window') <> (p_for is not null) then
    raise exception 'unique_for must be given with the scope window, and only there, got: % with %',
      p_for, p_scope using errcode = 'OG006';
  end if;
  if p_for is not null and p_for not between '1 millisecond' and '10 years' then
    raise exception 'unique_for must be 1 ms to 10 years, got: %', p_for using errcode = 'OG006';
  end if;
end $$;

-- The id of the job that holds the key afterwards: p_id where that is the new job, otherwise the one
-- that held it already, which got what is new where p_on_conflict is 'replace' and it has not started.
--
-- A holder with the scope 'waiting' stays locked until the caller's transaction ends: no claim may
-- start that job with a view from before the caller's commit. Holders of longer scopes may be running,
-- and are not locked where nothing is replaced: a settle must never wait for a producer.
create or replace function take_unique_key(
  p_queue queue, p_key text, p_id bigint, p_on_conflict text, p_scope text, p_for interval,
  p_new jsonb)
returns bigint
language plpgsql
as $$
declare
  v_until timestamptz := clock_timestamp() + p_for;
  v_holder unique_key;
begin
  loop
    -- Waits for a transaction that takes, replaces or releases the same key right now.
    insert into unique_key (key, queue, id, scope, held_until)
      values (p_key, p_queue.id, p_id, p_scope, v_until) on conflict do nothing;
    if found then return p_id; end if;
    select * into v_holder from unique_key u where u.queue = p_queue.id and u.key = p_key;
    continue when not found;
    if v_holder.held_until <= clock_timestamp() then
      -- A job that has yet to become what replaced it keeps that, under a key that nobody asks for.
      update unique_key u set key = left(u.key, 200) || chr(31) || u.id
        where u.queue = p_queue.id and u.key = p_key and u.id = v_holder.id
          and u.held_until <= clock_timestamp() and u.replacement is not null;
      continue when found;
      update unique_key u set id = p_id, scope = p_scope, held_until = v_until, replaced = 0,
          replacement = null
        where u.queue = p_queue.id and u.key = p_key and u.id = v_holder.id
          and u.held_until <= clock_timestamp() and u.replacement is null;
      if found then return p_id; end if;
      continue;
    end if;
    if p_on_conflict = 'raise' then
      perform refuse_duplicate(v_holder, p_queue.name);
    end if;
    if v_holder.scope = 'waiting' then
      perform from unique_key u
        where u.queue = p_queue.id and u.key = p_key and u.id = v_holder.id for update;
      continue when not found;
      if p_on_conflict = 'replace' then perform replace_waiting(v_holder, p_new); end if;
    elsif p_on_conflict = 'replace' then
      continue when not replace_unstarted(v_holder, p_new);
    end if;
    return v_holder.id;
  end loop;
end $$;

create or replace function refuse_duplicate(p_holder unique_key, p_queue text) returns void
language plpgsql
as $$
begin
  raise exception 'job % holds the unique key "%" of queue "%" already',
    p_holder.id, p_holder.key, p_queue
    using errcode = 'OG007', hint = case p_holder.scope
      when 'waiting' then 'Use on_conflict keep or replace, or wait until it has started.'
      when 'settled' then 'Use on_conflict keep or replace, or wait until it has ended.'
      else 'Use on_conflict keep or replace, or wait until ' || p_holder.held_until || '.' end;
end $$;

-- What a later enqueue wants the holder of its key to become.
create or replace function replacement(
  p_kind text, p_payload jsonb, p_meta jsonb, p_run_at timestamptz)
returns jsonb
language sql stable
as $$
  select jsonb_build_object('kind', p_kind, 'payload', p_payload, 'meta', p_meta, 'run_at', p_run_at)
$$;

-- Whether the holder of a key has not started: it waits for its time, for a worker that knows its
-- kind, or in the log. One snapshot for all places, because a job may move between them.
create or replace function is_unstarted(p_holder unique_key) returns bool
language sql volatile
as $$
  select exists (select from deferred d where d.id = p_holder.id)
    or exists (select from parked p where p.id = p_holder.id)
    or exists (select from flagged f where f.id = p_holder.id and f.flag = 'unique'
                 and f.lane = any (array[p_holder.queue * 4, p_holder.queue * 4 + 1,
                                         p_holder.queue * 4 + 2, p_holder.queue * 4 + 3]))
$$;

-- Gives a job that has not started its replacement; false where it has. The caller holds the key's
-- row, so that no claim hands the job out meanwhile.
create or replace function replace_waiting(p_holder unique_key, p_new jsonb) returns bool
language plpgsql
as $$
declare
  v_run_at timestamptz := coalesce((p_new ->> 'run_at')::timestamptz, clock_timestamp());
  v_meta jsonb := nullif(p_new -> 'meta', 'null');
begin
  loop
    update deferred d set kind = p_new ->> 'kind', payload = p_new -> 'payload', meta = v_meta,
        run_at = v_run_at, state = 'scheduled', attempt = 1
      where d.id = p_holder.id;
    if found then
      update unique_key u set replaced = replaced + 1, replacement = null
        where u.queue = p_holder.queue and u.key = p_holder.key;
      return true;
    end if;
    exit when not is_unstarted(p_holder);
    -- In the log, or parked, from where it returns to the log.
    continue when exists (select from deferred d where d.id = p_holder.id);
    update unique_key u set replaced = replaced + 1, replacement = p_new
      where u.queue = p_holder.queue and u.key = p_holder.key;
    return true;
  end loop;
  return false;
end $$;

-- The same for a holder whose scope outlasts its start; false where the key has changed hands. The
-- lock on a job that turns out to run is given back at once, by the subtransaction's rollback.
create or replace function replace_unstarted(p_holder unique_key, p_new jsonb) returns bool
language plpgsql
as $$
begin
  if not is_unstarted(p_holder) then return true; end if;
  perform from unique_key u
    where u.queue = p_holder.queue and u.key = p_holder.key and u.id = p_holder.id for update;
  if not found then return false; end if;
  if not replace_waiting(p_holder, p_new) then
    raise exception 'job % has started', p_holder.id using errcode = 'OGRUN';
  end if;
  return true;
exception when sqlstate 'OGRUN' then
  return true;
end $$;

-- Writes a job that was replaced while it waited into the log again, or puts it off. The claim that
-- met its old row has closed that.
create or replace function put_replacement(p_job job) returns void
language plpgsql
as $$
declare
  v_new jsonb;
  v_run_at timestamptz;
begin
  select u.replacement into v_new from unique_key u where u.id = p_job.id;
  update unique_key u set replacement = null where u.id = p_job.id;
  v_run_at := (v_new ->> 'run_at')::timestamptz;
  p_job.kind := v_new ->> 'kind';
  p_job.payload := v_new -> 'payload';
  p_job.meta := nullif(v_new -> 'meta', 'null');
  p_job.attempt := 1;
  perform add_event(p_job.id, p_job.attempt, 'replaced', 'by a later enqueue under its unique key', null);
  if v_run_at > clock_timestamp() then
    perform defer(p_job, 'scheduled', ceil(extract(epoch from v_run_at - clock_timestamp()) * 1000)::bigint);
  else
    perform append_again(p_job);
  end if;
end $$;

-- The key that a job keeps when it returns from a worker: null where the claim released it.
create or replace function kept_unique_key(p_job job) returns text
language sql stable
as $$
  select case when p_job.unique_key is not null
                and exists (select from unique_key u where u.id = p_job.id)
    then p_job.unique_key end
$$;

-- A cancelled job gives its key back whatever its scope. A row that somebody holds is being taken
-- over already: nobody waits for a producer here.
create or replace function release_unique_key(p_id bigint) returns void
language sql
as $$
  with free as materialized (
    select k.queue, k.key from unique_key k where k.id = p_id for update skip locked)
  delete from unique_key u using free where u.queue = free.queue and u.key = free.key
$$;

-- Forgets keys whose window is over, but those whose job has yet to become what replaced it. Nobody waits here for a producer that takes such a key over.
create or replace function prune_unique_keys() returns int
language plpgsql
as $$
declare
  v_now timestamptz := clock_timestamp(); -- as a value: see promote_due
  v_count int;
begin
  with past as materialized (
    select k.queue, k.key from unique_key k where k.held_until < v_now and k.replacement is null
    order by k.held_until limit 10000 for update skip locked)
  delete from unique_key u using past where u.queue = past.queue and u.key = past.key;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- A unique key of all that a job is: its kind and a hash of its payload as PostgreSQL writes jsonb, so
-- that the order of members and white space make no difference.
create or replace function payload_key(p_kind text, p_payload jsonb) returns text
language sql immutable parallel safe
as $$ select p_kind || ':' || encode(sha256(convert_to(p_payload::text, 'UTF8')), 'hex') $$;
