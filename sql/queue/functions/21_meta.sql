-- Options of a job that the log has no column for travel in job.meta, null for a plain job:
--   expires_at   not started later than this; ISO 8601, UTC
--   tags         an array of texts
--   traceparent  the W3C trace context of who enqueued it

-- The meta of a new job, checked: what was given as p_meta, and the options over it.
create or replace function job_meta(
  p_meta jsonb, p_expires_at timestamptz, p_tags text[], p_traceparent text, p_run_at timestamptz)
returns jsonb
language plpgsql stable
as $$
begin
  if jsonb_typeof(p_meta) <> 'object' then
    raise exception 'a job''s meta must be a JSON object, got: %', jsonb_typeof(p_meta)
      using errcode = 'OG006';
  end if;
  p_meta := coalesce(p_meta, '{}');
  p_expires_at := coalesce(p_expires_at, given_expiry(p_meta));
  if p_expires_at is not null then
    p_meta := p_meta || jsonb_build_object('expires_at', expiry_text(p_expires_at, p_run_at));
  end if;
  if p_tags is not null then
    p_meta := p_meta || jsonb_build_object('tags', to_jsonb(p_tags));
  end if;
  if p_traceparent is not null then
    p_meta := p_meta || jsonb_build_object('traceparent', p_traceparent);
  end if;
  if p_meta ? 'tags' then perform check_tags(p_meta -> 'tags'); end if;
  if p_meta ? 'traceparent' then perform check_traceparent(p_meta ->> 'traceparent'); end if;
  if octet_length(p_meta::text) > 65536 then
    raise exception 'a job''s meta may have 65536 bytes, got: % bytes', octet_length(p_meta::text)
      using errcode = 'OG006', hint = 'Put data into the payload.';
  end if;
  return nullif(p_meta, '{}');
end $$;

create or replace function given_expiry(p_meta jsonb) returns timestamptz
language plpgsql stable
as $$
begin
  return (p_meta ->> 'expires_at')::timestamptz;
exception when datetime_field_overflow or invalid_datetime_format or invalid_parameter_value then
  raise exception 'expires_at must be a time, got: %', left(p_meta ->> 'expires_at', 40)
    using errcode = 'OG006';
end $$;

create or replace function expiry_text(p_expires_at timestamptz, p_run_at timestamptz) returns text
language plpgsql stable
as $$
begin
  if not isfinite(p_expires_at) or p_expires_at > clock_timestamp() + interval '100 years' then
    raise exception 'expires_at must lie within 100 years, got: %', p_expires_at using errcode = 'OG006';
  end if;
  if p_run_at > p_expires_at then
    raise exception 'a job that may not start before % can''t expire at %', p_run_at, p_expires_at
      using errcode = 'OG006', hint = 'Let it expire later than its run_at.';
  end if;
  return to_char(p_expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end $$;

create or replace function check_tags(p_tags jsonb) returns void
language plpgsql immutable
as $$
begin
  if jsonb_typeof(p_tags) <> 'array' or jsonb_array_length(p_tags) > 32
     or exists (select from jsonb_array_elements(p_tags) t
                where jsonb_typeof(t) <> 'string' or octet_length(t #>> '{}') not between 1 and 128) then
    raise exception 'tags must be at most 32 texts of 1 to 128 bytes, got: %', left(p_tags::text, 200)
      using errcode = 'OG006';
  end if;
end $$;

create or replace function check_traceparent(p_traceparent text) returns void
language plpgsql immutable
as $$
begin
  if p_traceparent !~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then
    raise exception 'traceparent must be like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, got: %',
      left(p_traceparent, 80) using errcode = 'OG006', hint = 'See https://www.w3.org/TR/trace-context/.';
  end if;
end $$;

create or replace function meta_expiry(p_meta jsonb) returns timestamptz
language sql stable
as $$ select case when p_meta is not null then (p_meta ->> 'expires_at')::timestamptz end $$;

create or replace function is_expired(p_meta jsonb) returns bool
language sql volatile
as $$ select coalesce(meta_expiry(p_meta) <= clock_timestamp(), false) $$;

-- The same for a step of the maintenance, which must not wait for a producer that holds the job's unique
-- key: such a job goes on, and the worker finds that it has expired.
create or replace function may_expire(p_id bigint, p_unique_key text, p_meta jsonb) returns bool
language plpgsql
as $$
begin
  if not is_expired(p_meta) then return false; end if;
  if p_unique_key is null then return true; end if;
  perform from unique_key u where u.id = p_id for update skip locked;
  return found or not exists (select from unique_key u where u.id = p_id);
end $$;

-- The end of a job whose time to start has passed before a worker took it.
create or replace function expire_job(p_lane int, p_id bigint, p_attempt smallint) returns void
language plpgsql
as $$
begin
  perform add_event(p_id, p_attempt, 'expired', 'before it started', null);
  delete from unique_key u where u.id = p_id and u.scope = 'waiting';
  perform job_ended(p_lane, p_id, 'expired');
end $$;

-- Jobs whose kind no worker knew until their time to start had passed.
create or replace function prune_expired() returns int
language plpgsql
as $$
declare
  v_parked parked;
  v_count int := 0;
begin
  for v_parked in
    select * from parked p where p.meta ? 'expires_at' and is_expired(p.meta) for update skip locked
  loop
    continue when not may_expire(v_parked.id, v_parked.unique_key, v_parked.meta);
    delete from parked p where p.id = v_parked.id;
    perform expire_job(v_parked.lane, v_parked.id, v_parked.attempt);
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;
