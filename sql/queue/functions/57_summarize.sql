-- Look-ups by id go through an index that knows the least and the greatest id of each range of 32 blocks
-- (BRIN), once the range is summarized. The leader does that as ranges fill, and never with the range that
-- is written to: each job would have to change its entry.

-- How far a session has come, "seq block": a setting of the session, so that nothing is written.
create or replace function summary_setting() returns text
language sql stable
as $$ select format('ong.summarized_%s', current_schema()::regnamespace::oid) $$;

-- The ranges of the log that this session has not summarized yet, by segment, up to the one that is
-- written to. A session that has just become the leader goes through all of the ring again.
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
    case when r.seq = h.seq then b.blocks / 32 * 32 else b.blocks end
  from done d, head h, rotation r,
    lateral (select pg_relation_size('job_' || r.segment)
             / current_setting('block_size')::int as blocks) b
  where r.seq >= d.seq and r.seq > h.seq - 4
  order by r.seq
$$;

-- Whether enough has come together: four megabytes, or what a rotation has closed. Not while the ring turns
-- faster than once a minute: most of such a log is gone before anybody looks a job up in it.
create or replace function summary_due() returns bool
language plpgsql stable
as $$
begin
  if (select r.at from rotation r order by r.seq desc limit 1) > clock_timestamp() - interval '15 seconds' then
    return false;
  end if;
  return (
    select coalesce(sum(u.until_block - u.first_block) >= 512 or count(*) > 1, false)
    from unsummarized() u);
end $$;

-- Summarizes up to p_limit ranges, each of which takes about 0.3 ms, and returns how many. A step of the
-- leader's, who calls it again while it is due.
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
    while v_block < v_part.until_block and v_count < p_limit loop
      v_count := v_count + brin_summarize_range(v_index, v_block); -- 0 where it is summarized already
      v_block := v_block + 32;
    end loop;
    perform set_config(summary_setting(), v_part.seq || ' ' || v_block, false);
    exit when v_block < v_part.until_block;
  end loop;
  return v_count;
end $$;
