-- Makes the roles <schema>_NAME, groups without login, where the installer may create roles. Otherwise
-- answers false, and a notice says what an administrator has to run before the next migration.
create or replace function make_roles(p_names text[]) returns bool
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_name text;
  v_missing text[] := '{}';
begin
  foreach v_name in array p_names loop
    v_name := v_schema || '_' || v_name;
    if to_regrole(quote_ident(v_name)) is null then
      begin
        execute format('create role %I nologin', v_name);
      exception when insufficient_privilege then
        v_missing := v_missing || format('create role %I nologin;', v_name);
      when duplicate_object or unique_violation then
        null; -- another installer was faster
      end;
    end if;
  end loop;
  if v_missing <> '{}' then
    raise notice 'roles of % are missing; an administrator creates them with: %',
      v_schema, array_to_string(v_missing, ' ');
  end if;
  return v_missing = '{}';
end $$;
