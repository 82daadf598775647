-- COPY for producers, who may not write the log itself: every row that is inserted into this view is
-- enqueued, with all checks and options of enqueue. Columns that are left out or null have the defaults
-- of enqueue's parameters. unique_payload: the unique key is payload_key(kind, payload).
create or replace view job_intake as
  select null::text queue, null::text kind, null::jsonb payload, null::smallint priority,
    null::timestamptz run_at, null::text unique_key, null::text on_conflict, null::text key,
    null::jsonb meta, null::text unique_scope, null::interval unique_for,
    null::timestamptz expires_at, null::text[] tags, null::text traceparent, null::bool unique_payload
  where false;

create or replace function take_in() returns trigger
language plpgsql security definer set search_path from current
as $$
begin
  if new.unique_payload then new.unique_key := payload_key(new.kind, coalesce(new.payload, '{}')); end if;
  -- The keys come in any order: one such transaction at a time.
  if new.unique_key is not null then perform hold_bulk(queue_named(new.queue), true); end if;
  perform enqueue(new.queue, new.kind, coalesce(new.payload, '{}'), coalesce(new.priority, 2::smallint),
    new.run_at, new.unique_key, coalesce(new.on_conflict, 'keep'), new.key, new.meta,
    coalesce(new.unique_scope, 'waiting'), new.unique_for, new.expires_at, new.tags, new.traceparent);
  return new;
end $$;

create or replace trigger take_in instead of insert on job_intake
  for each row execute function take_in();
