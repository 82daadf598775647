-- Deferred jobs as readers see them: however many are put off, a look costs no more than what it shows.

-- The number of deferred jobs of each lane and state, counted up to p_cap. Jumps from lane to lane
-- through the index.
create or replace function deferred_counts(p_cap int)
returns table (lane int, state text, n bigint)
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
begin
  lane := -1;
  state := '';
  loop
    select d.lane, d.state into lane, state from deferred d
      where (d.lane, d.state) > (deferred_counts.lane, deferred_counts.state)
      order by d.lane, d.state limit 1;
    exit when not found;
    select count(*) into n from (
      select from deferred d
      where d.lane = deferred_counts.lane and d.state = deferred_counts.state limit p_cap) counted;
    return next;
  end loop;
end $$;

-- Deferred jobs of a lane, newest id first, below p_before; null state: any. With a kind, the newest
-- 10,000 of each state are looked through.
create or replace function deferred_page(
  p_lane int, p_state text, p_kind text, p_before bigint, p_limit int)
returns setof deferred
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_state text;
begin
  foreach v_state in array array['scheduled', 'retrying', 'snoozed'] loop
    continue when v_state <> p_state;
    return query
      select * from (
        select * from deferred d
        where d.lane = p_lane and d.state = v_state
          and d.id < coalesce(p_before, 9223372036854775807)
        order by d.id desc limit case when p_kind is null then p_limit else 10000 end) newest
      where p_kind is null or newest.kind = p_kind
      order by newest.id desc limit p_limit;
  end loop;
end $$;
