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

-- Takes everything in the schema from PUBLIC, which gets the right to call each new function by itself.
create or replace function take_from_public() returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_function regprocedure;
  v_type regtype;
begin
  -- Functions are private unless a role is given them.
  for v_function in
    select p.oid::regprocedure from pg_proc p where p.pronamespace = v_schema::regnamespace
  loop
    execute format('revoke all on function %s from public', v_function);
  end loop;
  -- Who may name a table's row type can make columns of it, which would stand in a migration's way.
  for v_type in
    select t.oid::regtype from pg_type t left join pg_class c on c.oid = t.typrelid
    where t.typnamespace = v_schema::regnamespace and t.typelem = 0 and (t.typtype <> 'c' or c.oid is not null)
      and (t.typacl is null or exists (select from aclexplode(t.typacl) a where a.grantee = 0))
  loop
    execute format('revoke all on type %s from public', v_type);
  end loop;
  execute format('revoke all on schema %I from public', v_schema);
  execute format('revoke all on all tables in schema %I from public', v_schema);
  execute format('revoke all on all sequences in schema %I from public', v_schema);
end $$;

-- Lets a role call functions, by their names.
create or replace function grant_role(p_role text, p_functions text[]) returns void
language plpgsql
as $$
declare
  v_schema text := current_schema();
  v_function regprocedure;
begin
  execute format('grant usage on schema %I to %I', v_schema, v_schema || '_' || p_role);
  for v_function in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = v_schema::regnamespace and p.proname = any (p_functions)
  loop
    execute format('grant execute on function %s to %I', v_function, v_schema || '_' || p_role);
  end loop;
end $$;
