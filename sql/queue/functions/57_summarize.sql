-- Look-ups by id go through an index a segment that knows the least and the greatest id of each range of 32
-- blocks (BRIN), once the range is summarized. The leader does that as ranges fill, and never with the range
-- that is written to: each job would have to change its entry.
-- While the ring turns fast there is no such index: it costs a bulk enqueue a tenth, and most of such a log
-- is gone before anybody looks a job up in it.

-- Whether the ring turns faster than once a minute, as the time at which its head was begun says.
create or replace function turns_fast(p_head_at timestamptz) returns bool
language sql volatile
as $$ select p_head_at > clock_timestamp() - interval '15 seconds' $$;

-- The index by id of a segment of the log; null: it has none.
create or replace function id_index(p_segment int) returns regclass
language sql stable
as $$ select to_regclass(format('job_%s_by_id', p_segment)) $$;

-- An empty index begins with an entry for the first range, which every job there would have to change.
create or replace function begin_id_index(p_segment int) returns void
language sql
as $$ select brin_desummarize_range(id_index(p_segment), 0) $$;

create or replace function make_id_index(p_segment int) returns void
language plpgsql
as $$
begin
  execute format('create index job_%1$s_by_id on job_%1$s using brin (id) with (pages_per_range = 32)',
    p_segment);
end $$;

-- Whether an empty segment has its index by id. For who has locked it.
create or replace function set_id_index(p_segment int, p_wanted bool) returns void
language plpgsql
as $$
begin
  if p_wanted = (id_index(p_segment) is not null) then return; end if;
  if p_wanted then
    perform make_id_index(p_segment);
    perform begin_id_index(p_segment);
  else
    execute format('drop index job_%s_by_id', p_segment);
  end if;
end $$;

-- Makes the index of a segment that nobody writes to any more. False: somebody still does, and it stays
-- without.
create or replace function index_closed_segment(p_segment int) returns bool
language plpgsql
as $$
begin
  execute format('lock table job_%s in share mode nowait', p_segment);
  perform make_id_index(p_segment);
  return true;
exception when lock_not_available then
  return false;
end $$;

-- How far a session has come, "seq block": a setting of the session, so that nothing is written.
create or replace function summary_setting() returns text
language sql stable
as $$ select format('ong.summarized_%s', current_schema()::regnamespace::oid) $$;

-- The ranges of the log that this session has not summarized yet, by segment, up to the one that is
-- written to; none of a head without the index. A session that has just become the leader goes through all
-- of the ring again.
create or replace function unsummarized(
  out seq bigint, out segment int, out first_block bigint, out until_block bigint)
returns setof record
language sql stable
as $$
  with done as (
      select coalesce(split_part(s.value, ' ', 1)::bigint, -1) seq, split_part(s.value, ' ', 2)::bigint block
      from (select nullif(current_setting(summary_setting(), true), '') as value) s),
    head as (select max(r.seq) seq from rotation r)
  select r.seq, r.segment, case when r.seq = d.seq then d.block else 0 end,
    case when r.seq < h.seq then b.blocks
      when id_index(r.segment) is null then 0
      else b.blocks / 32 * 32 end
  from done d, head h, rotation r,
    lateral (select pg_relation_size('job_' || r.segment)
             / current_setting('block_size')::int as blocks) b
  where r.seq >= d.seq and r.seq > h.seq - 4
  order by r.seq
$$;

-- Whether enough has come together: four megabytes, or what a rotation has closed. Not while the ring turns
-- fast.
create or replace function summary_due() returns bool
language plpgsql stable
as $$
begin
  if turns_fast((select r.at from rotation r order by r.seq desc limit 1)) then return false; end if;
  return (
    select coalesce(sum(u.until_block - u.first_block) >= 512 or count(*) > 1, false)
    from unsummarized() u);
end $$;

-- Summarizes up to p_limit ranges, each of which takes about 0.3 ms, or all of one segment that has no index
-- yet, and returns how many. A step of the leader's, who calls it again while it is due.
create or replace function summarize_log(p_limit int default 32) returns int
language plpgsql security definer set search_path from current
as $$
declare
  v_part record;
  v_index regclass;
  v_block bigint;
  v_count int := 0;
begin
  for v_part in select * from unsummarized() loop
    v_index := id_index(v_part.segment);
    v_block := v_part.first_block;
    if v_index is null and v_block < v_part.until_block then
      perform set_config(summary_setting(), v_part.seq || ' ' || v_part.until_block, false);
      if not index_closed_segment(v_part.segment) then continue; end if;
      return v_count + (v_part.until_block - v_block + 31) / 32;
    end if;
    while v_block < v_part.until_block and v_count < p_limit loop
      v_count := v_count + brin_summarize_range(v_index, v_block); -- 0 where it is summarized already
      v_block := v_block + 32;
    end loop;
    perform set_config(summary_setting(), v_part.seq || ' ' || v_block, false);
    exit when v_block < v_part.until_block;
  end loop;
  return v_count;
end $$;
