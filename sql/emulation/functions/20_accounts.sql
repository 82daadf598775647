-- Accounts, as an administrator makes and keeps them. Hashes come from the program: no password
-- reaches the server.

create or replace function create_account(
  p_name text, p_display_name text, p_role text, p_unit text, p_bloc text, p_password_hash text
) returns void
language plpgsql security definer set search_path from current
as $$
begin
  if p_unit is not null and not exists (select from unit where code = p_unit) then
    raise exception 'there is no unit %', p_unit
      using errcode = 'OE004', hint = 'See the units on the pages, under self-scoring.';
  end if;
  if p_bloc is not null and not exists (select from bloc where code = p_bloc) then
    raise exception 'there is no bloc %', p_bloc
      using errcode = 'OE004', hint = 'Blocs in the database: '
        || coalesce((select string_agg(code, ', ' order by code) from bloc), 'none') || '.';
  end if;
  insert into account (name, display_name, role, unit, bloc, password_hash)
    values (p_name, p_display_name, p_role, p_unit, p_bloc, p_password_hash)
    on conflict (name) do nothing;
  if not found then
    raise exception 'there is an account % already', p_name
      using errcode = 'OE002', hint = 'Choose another name, or see "ong accounts ls".';
  end if;
end $$;

create or replace function unknown_account(p_name text) returns void
language plpgsql
as $$
begin
  raise exception 'there is no account %', p_name
    using errcode = 'OE001', hint = 'See "ong accounts ls".';
end $$;

-- A new password ends every session, and who had to wait for too many attempts need not any more.
create or replace function set_password(p_name text, p_password_hash text) returns void
language plpgsql security definer set search_path from current
as $$
begin
  update account set password_hash = p_password_hash, changed_at = now() where name = p_name;
  if not found then perform unknown_account(p_name); end if;
  delete from session where account = p_name;
  perform forget_attempts(p_name);
end $$;

create or replace function disable_account(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
begin
  update account set disabled_at = coalesce(disabled_at, now()), changed_at = now() where name = p_name;
  if not found then perform unknown_account(p_name); end if;
  delete from session where account = p_name;
end $$;

create or replace function enable_account(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
begin
  update account set disabled_at = null, changed_at = now() where name = p_name;
  if not found then perform unknown_account(p_name); end if;
end $$;

-- Without any account the pages are open to everybody, so the last one does not go by mistake.
create or replace function remove_account(p_name text, p_open_pages boolean) returns void
language plpgsql security definer set search_path from current
as $$
begin
  lock table account in share row exclusive mode;
  if not exists (select from account where name = p_name) then perform unknown_account(p_name); end if;
  if not p_open_pages and not exists (select from account where name <> p_name) then
    raise exception '% is the last account: without any, the pages are open to whoever reaches them', p_name
      using errcode = 'OE003', hint = 'Disable it instead, or say --open-pages if that is meant.';
  end if;
  delete from account where name = p_name;
end $$;

create or replace function end_sessions(p_name text) returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_ended int;
begin
  if not exists (select from account where name = p_name) then perform unknown_account(p_name); end if;
  select count(*) into v_ended from living_session where account = p_name;
  delete from session where account = p_name;
  return v_ended;
end $$;

-- Whether anybody has to sign in at all. Disabled accounts count: disabling the last one must not
-- open the pages.
create or replace function sign_in_required() returns boolean
language sql stable security definer set search_path from current
as $$ select exists (select from account) $$;

-- Sessions that have not expired.
create or replace view living_session as
  select * from session
   where expires_at > clock_timestamp() and last_seen_at + idle_limit > clock_timestamp();

create or replace view account_overview as
  select a.name, a.display_name, a.role, a.unit, a.bloc, a.created_at, a.changed_at, a.disabled_at,
         (select count(*) from living_session s where s.account = a.name) as sessions
    from account a;

-- Of a session's token not even the hash is shown.
create or replace view session_overview as
  select s.account, s.created_at, s.last_seen_at,
         least(s.expires_at, s.last_seen_at + s.idle_limit) as expires_at
    from living_session s;
