-- Secrets in JSON. A value is marked by standing in an object of its own:
--
--   {"user": "an", "password": {"ong_secret": "…"}}
--
-- Workers get it as it is; whoever looks at jobs gets {"ong_secret": null} in its place.

-- The JSON without what is marked. Invoker's rights, as views call it; the path is fixed so that it
-- works under any.
create or replace function redacted(p_json jsonb) returns jsonb
language plpgsql immutable parallel safe set search_path from current
as $$
begin
  -- Most JSON has no mark: one look instead of a walk.
  if p_json is null or strpos(p_json::text, '"ong_secret"') = 0 then return p_json; end if;
  if jsonb_typeof(p_json) = 'array' then
    return (select coalesce(jsonb_agg(redacted(e.value) order by e.n), '[]')
            from jsonb_array_elements(p_json) with ordinality e (value, n));
  end if;
  if jsonb_typeof(p_json) <> 'object' then return p_json; end if; -- a text that says "ong_secret"
  if p_json ? 'ong_secret' then return '{"ong_secret": null}'; end if;
  return (select coalesce(jsonb_object_agg(e.key, redacted(e.value)), '{}') from jsonb_each(p_json) e);
end $$;
