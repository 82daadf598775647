-- Queues: made, paused, resumed.

create or replace function create_queue(p_name text) returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_id int;
begin
  if p_name is null or octet_length(p_name) not between 1 and 128 then
    raise exception 'a queue''s name must have 1 to 128 bytes, got: % bytes', coalesce(octet_length(p_name), 0)
      using errcode = 'OG006';
  end if;
  select id into v_id from queue where name = p_name;
  if found then return v_id; end if;
  insert into queue (name, since) values (p_name, window_snapshot())
    on conflict (name) do nothing returning id into v_id;
  if v_id is null then
    select id into v_id from queue where name = p_name;
  end if;
  return v_id;
end $$;

-- The queue's row, or the error that names the remedy.
create or replace function queue_named(p_name text) returns queue
language plpgsql
as $$
declare
  v_queue queue;
begin
  select * into v_queue from queue where name = p_name;
  if found then return v_queue; end if;
  if (select unknown_queue from setting) = 'create' then
    perform create_queue(p_name);
    select * into v_queue from queue where name = p_name;
    return v_queue;
  end if;
  raise exception 'queue "%" does not exist', left(p_name, 128)
    using errcode = 'OG004',
      hint = 'Create it with "ong queues create NAME" or create_queue(name), or start a worker for it.';
end $$;

create or replace function pause_queue(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_name);
begin
  update queue set paused_at = clock_timestamp() where id = v_queue.id and paused_at is null;
  perform send_control('pause', p_name);
end $$;

create or replace function resume_queue(p_name text) returns void
language plpgsql security definer set search_path from current
as $$
declare
  v_queue queue := queue_named(p_name);
begin
  update queue set paused_at = null where id = v_queue.id and paused_at is not null;
  perform send_control('resume', p_name);
  perform wake(v_queue.id, p_name);
end $$;
