-- Roles: <schema>_application may do what the pages and the workers of the domain do,
-- <schema>_reader may look. They are groups without login: grant them to logins. Made where the
-- installer may create roles; otherwise a notice says what an administrator has to run before the
-- next migration. What is immutable stays so for both: triggers see to it.
create or replace function grant_roles() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_role text;
  v_missing text[] := '{}';
begin
  foreach v_role in array array[v_schema || '_application', v_schema || '_reader'] loop
    if to_regrole(quote_ident(v_role)) is null then
      begin
        execute format('create role %I nologin', v_role);
      exception when insufficient_privilege then
        v_missing := v_missing || format('create role %I nologin;', v_role);
      when duplicate_object or unique_violation then
        null; -- another installer was faster
      end;
    end if;
  end loop;
  if v_missing <> '{}' then
    raise notice 'roles of % are missing; an administrator creates them with: %',
      v_schema, array_to_string(v_missing, ' ');
    return;
  end if;
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
