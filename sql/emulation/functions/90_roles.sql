-- Roles: <schema>_application may do what the pages and the workers of the domain do,
-- <schema>_reader may look, <schema>_administrator keeps the accounts. They are groups without login:
-- grant them to logins. What is immutable stays so for all: triggers see to it. Accounts, sessions and
-- attempts are reached by functions only. Whatever is not granted here is taken away.
create or replace function grant_roles() returns void
language plpgsql
as $$
begin
  perform take_from_public();
  if make_roles(array['application', 'reader']) then perform grant_domain(); end if;
  if make_roles(array['administrator']) then perform grant_accounts(); end if;
end $$;

create or replace function grant_domain() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_application text := current_schema() || '_application';
  v_reader text := current_schema() || '_reader';
begin
  execute format('revoke all on all functions in schema %I from %I, %I', v_schema, v_application, v_reader);
  execute format('revoke all on all tables in schema %I from %I, %I', v_schema, v_application, v_reader);
  execute format('grant usage on schema %I to %I, %I', v_schema, v_application, v_reader);
  execute format('grant select on all tables in schema %I to %I, %I', v_schema, v_application, v_reader);
  execute format('grant insert, update on all tables in schema %I to %I', v_schema, v_application);
  execute format('grant delete on result_set, result_row to %I', v_application);
  execute format('grant usage on all sequences in schema %I to %I', v_schema, v_application);
  execute format(
    'revoke all on account, session, sign_in_attempt, living_session, account_overview, session_overview
       from %I, %I', v_application, v_reader);
  perform grant_role('application', array['sign_in_required', 'begin_sign_in', 'begin_session', 'visit',
    'end_session', 'change_password', 'renew_password_hash']);
end $$;

create or replace function grant_accounts() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_administrator text := current_schema() || '_administrator';
begin
  execute format('revoke all on all functions in schema %I from %I', v_schema, v_administrator);
  execute format('revoke all on all tables in schema %I from %I', v_schema, v_administrator);
  perform grant_role('administrator', array['create_account', 'set_password', 'disable_account',
    'enable_account', 'remove_account', 'end_sessions', 'sign_in_required']);
  execute format('grant select on account_overview, session_overview to %I', v_administrator);
end $$;

select grant_roles();
