-- Signing in. The program checks the password, the database counts attempts and keeps sessions.

create or replace function sign_in_bucket(p_subject text) returns int
language sql immutable
as $$
  select ('x' || left(encode(sha256(convert_to(p_subject, 'UTF8')), 'hex'), 5))::bit(20)::int
$$;

-- How long one has to wait after so many failures: not at all for the first ones, then twice as long
-- each time, 15 minutes at most. Null: no longer.
create or replace function sign_in_wait(p_failures int, p_last_at timestamptz, p_free int) returns interval
language sql
as $$
  select nullif(greatest(p_last_at + make_interval(secs => least(power(2, least(p_failures - p_free, 10)), 900))
                         - clock_timestamp(), '0'), '0')
   where p_failures >= p_free and p_last_at > clock_timestamp() - interval '1 day'
$$;

-- Counts one attempt, before it is known how it ends: so any number of them at once are counted, too.
-- Null: go on; else how long to wait, and nothing is counted.
create or replace function count_attempt(p_kind text, p_subject text, p_free int) returns interval
language plpgsql
as $$
declare
  v_bucket int := sign_in_bucket(p_subject);
  v_now timestamptz := clock_timestamp();
begin
  insert into sign_in_attempt as a (kind, bucket, failures, last_at) values (p_kind, v_bucket, 1, v_now)
    on conflict (kind, bucket) do update
      set failures = case when a.last_at > v_now - interval '1 day' then a.failures + 1 else 1 end,
          last_at = v_now
      where sign_in_wait(a.failures, a.last_at, p_free) is null;
  if found then return null; end if;
  return coalesce(
    (select sign_in_wait(a.failures, a.last_at, p_free) from sign_in_attempt a
      where a.kind = p_kind and a.bucket = v_bucket), interval '1 second');
end $$;

create or replace function forget_attempts(p_name text) returns void
language sql
as $$
  update sign_in_attempt set failures = 0 where kind = 'account' and bucket = sign_in_bucket(p_name)
$$;

-- Asks for one attempt: how long to wait first, or the hash to check the password against, which is
-- null for a name that nobody has and for a disabled account. An office shares one address, so that
-- has more attempts than an account. Names that do not exist are counted like others.
create or replace function begin_sign_in(p_name text, p_address text)
returns table (wait interval, password_hash text)
language plpgsql security definer set search_path from current
as $$
#variable_conflict use_column
declare
  v_wait interval;
begin
  v_wait := count_attempt('address', p_address, 30);
  if v_wait is null then v_wait := count_attempt('account', p_name, 5); end if;
  if v_wait is not null then
    return query select v_wait, null::text;
  else
    return query select null::interval,
      (select a.password_hash from account a where a.name = p_name and a.disabled_at is null);
  end if;
end $$;

-- Begins a session under the password that was checked: not if it was changed, or the account
-- disabled, in the meantime. What has expired is pruned here, as the tables grow nowhere else.
create or replace function begin_session(
  p_name text, p_address text, p_checked_hash text, p_token_hash bytea, p_idle_limit interval,
  p_lifetime interval
) returns boolean
language plpgsql security definer set search_path from current
as $$
begin
  perform from account
    where name = p_name and disabled_at is null and password_hash = p_checked_hash for share;
  if not found then return false; end if;
  insert into session (token_hash, account, idle_limit, expires_at)
    values (p_token_hash, p_name, p_idle_limit, clock_timestamp() + p_lifetime);
  -- Only this one attempt: who has an account must not clear what their address does to others. The
  -- address first, as begin_sign_in does: two who sign in at once must not wait in a circle.
  update sign_in_attempt set failures = greatest(failures - 1, 0)
    where kind = 'address' and bucket = sign_in_bucket(p_address);
  perform forget_attempts(p_name);
  perform prune_sign_ins();
  return true;
end $$;

create or replace function prune_sign_ins() returns void
language sql
as $$
  delete from session where token_hash in
    (select s.token_hash from session s
      where not exists (select from living_session l where l.token_hash = s.token_hash)
      limit 1000 for update skip locked);
  delete from sign_in_attempt where (kind, bucket) in
    (select a.kind, a.bucket from sign_in_attempt a where a.last_at < clock_timestamp() - interval '1 day'
      limit 1000 for update skip locked);
$$;

-- One row: whether anybody has to sign in, and whose session this is, if anyone's. That a session was
-- used is noted once a minute at most.
create or replace function visit(p_token_hash bytea)
returns table (sign_in_required boolean, name text, display_name text, role text, unit text, bloc text)
language plpgsql security definer set search_path from current
as $$
#variable_conflict use_column
begin
  update living_session s set last_seen_at = clock_timestamp()
    where s.token_hash = p_token_hash and s.last_seen_at < clock_timestamp() - interval '1 minute';
  return query
    select sign_in_required(), a.name, a.display_name, a.role, a.unit, a.bloc
      from (values (1)) as always
      left join (living_session s join account a on a.name = s.account and a.disabled_at is null)
        on s.token_hash = p_token_hash;
end $$;

create or replace function end_session(p_token_hash bytea) returns void
language sql security definer set search_path from current
as $$ delete from session where token_hash = p_token_hash $$;

-- One's own new password; false if the old one is not the stored one any more. Ends every session.
create or replace function change_password(p_name text, p_checked_hash text, p_password_hash text)
returns boolean
language plpgsql security definer set search_path from current
as $$
begin
  perform from account
    where name = p_name and disabled_at is null and password_hash = p_checked_hash for update;
  if not found then return false; end if;
  perform set_password(p_name, p_password_hash);
  return true;
end $$;

-- The same password, hashed at today's cost. Sessions go on.
create or replace function renew_password_hash(p_name text, p_checked_hash text, p_password_hash text)
returns void
language sql security definer set search_path from current
as $$
  update account set password_hash = p_password_hash
    where name = p_name and password_hash = p_checked_hash
$$;
