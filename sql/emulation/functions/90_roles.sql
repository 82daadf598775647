-- Roles: <schema>_application may do what the pages and the workers of the domain do,
-- <schema>_reader may look. They are groups without login: grant them to logins. What is immutable
-- stays so for both: triggers see to it.
create or replace function grant_roles() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
begin
  if not make_roles(array['application', 'reader']) then return; end if;
  execute format('grant usage on schema %I to %I, %I',
    v_schema, v_schema || '_application', v_schema || '_reader');
  execute format('grant select on all tables in schema %I to %I, %I',
    v_schema, v_schema || '_application', v_schema || '_reader');
  execute format('grant insert, update on all tables in schema %I to %I',
    v_schema, v_schema || '_application');
  execute format('grant delete on result_set, result_row to %I', v_schema || '_application');
  execute format('grant usage on all sequences in schema %I to %I',
    v_schema, v_schema || '_application');
end $$;

select grant_roles();
