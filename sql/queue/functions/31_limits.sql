-- Limits of a queue on running jobs and on starts a time. Both are derived from the claim rows under
-- the queue's lock, and nothing is counted anywhere else: what a crash takes back takes its share of
-- the limit back with it.

-- How many jobs of a queue run; and adds to the positions of its lanes the claims that are open after
-- the position's own. Each claim row of a limited queue lists the claims that were open before it, so
-- that only those are looked at, never the closed ones between them. What rotation has carried to
-- `held` is not among them.
create or replace function count_running(
  p_queue_id int, p_head int, inout positions claim[], out running bigint)
language plpgsql stable
as $$
declare
  v_position claim;
  v_lanes int[] := '{}';
  v_seqs bigint[] := '{}';
  v_known bigint[];
  v_open record;
begin
  for v_band in 0..3 loop
    v_position := positions[v_band + 1];
    if v_position.seq > 1 or v_position.n > 0 then
      v_known := known_open(v_position);
      v_seqs := v_seqs || v_known;
      v_lanes := v_lanes || array_fill(v_position.lane, array[cardinality(v_known)]);
    end if;
    if v_position.open is distinct from '{}' then
      v_position.open := '{}';
      positions[v_band + 1] := v_position;
    end if;
  end loop;
  select * into v_open from open_among(v_lanes, v_seqs, p_head, p_head);
  if v_open.seen < cardinality(v_seqs) then
    select * into v_open from open_among(v_lanes, v_seqs, 0, 3);
  end if;
  running := v_open.running + (
    select count(*) from held h where h.lane between p_queue_id * 4 and p_queue_id * 4 + 3);
  for v_place in 1..coalesce(cardinality(v_open.seqs), 0) loop
    v_position := positions[v_open.lanes[v_place] % 4 + 1];
    v_position.open := v_position.open || v_open.seqs[v_place];
    positions[v_open.lanes[v_place] % 4 + 1] := v_position;
  end loop;
end $$;

-- Which of these claims are open, and how many of their jobs run, as far as they lie in the segments
-- from p_first to p_last; `seen` says how many do. The closures of a claim lie in its segment or in a
-- later one, so that the head alone tells all of what lies there.
create or replace function open_among(
  p_lanes int[], p_seqs bigint[], p_first int, p_last int,
  out lanes int[], out seqs bigint[], out running bigint, out seen bigint)
language plpgsql stable
as $$
begin
  -- One look into each index a claim, whatever the planner thinks of joins.
  select array_agg(o.lane) filter (where c.n > x.settled),
      array_agg(o.seq) filter (where c.n > x.settled),
      coalesce(sum(c.n - x.settled) filter (where c.n > x.settled), 0), count(*)
    into lanes, seqs, running, seen
  from unnest(p_lanes, p_seqs) o (lane, seq),
    lateral (select c.n from claim c
             where c.segment between p_first and p_last and c.lane = o.lane and c.seq = o.seq offset 0) c,
    lateral (select coalesce(sum(case when x.final then c.n else cardinality(x.ids) end), 0) settled
             from closure x
             where x.segment between p_first and p_last and x.lane = o.lane and x.seq = o.seq offset 0) x;
end $$;

-- The claims of a lane that may be open: those that its newest claim found open, and that one.
create or replace function known_open(p_position claim) returns bigint[]
language plpgsql stable
as $$
begin
  if p_position.seq = 0 then return '{}'; end if;
  if p_position.open is not null then return p_position.open || p_position.seq; end if;
  -- The first claim under this limit looks at all.
  return array(select c.seq from claim c where c.lane = p_position.lane and c.n > 0
    and not exists (select from closure x where x.lane = c.lane and x.seq = c.seq and x.final));
end $$;

-- What is missing in a bucket some time later. A clock that was set back refills nothing.
create or replace function spent_after(
  p_spent float8, p_at timestamptz, p_now timestamptz, p_rate int, p_seconds float8)
returns float8
language sql immutable
as $$
  select greatest(0, p_spent - greatest(0, extract(epoch from p_now - p_at)::float8)
                               * p_rate / p_seconds)
$$;

-- What is missing in the queue's bucket at this time. Its newest claim row says what was missing then.
create or replace function spent_now(p_queue queue, p_positions claim[], p_now timestamptz)
returns float8
language plpgsql stable
as $$
declare
  v_position claim;
  v_newest claim;
begin
  foreach v_position in array p_positions loop
    if v_newest.turn is null or v_position.turn > v_newest.turn
       or (v_position.turn = v_newest.turn and v_position.spent > v_newest.spent) then
      v_newest := v_position;
    end if;
  end loop;
  return coalesce(
    spent_after(v_newest.spent, v_newest.spent_at, p_now, p_queue.rate, p_queue.rate_seconds), 0);
end $$;

-- How much a job takes out of a bucket: its meta's whole number `cost`, at least 1 (what is no number
-- counts as 1), at most the bucket, so that a job of any cost starts when the bucket is full.
create or replace function job_cost(p_meta jsonb, p_burst int) returns int
language sql immutable
as $$
  select case when jsonb_typeof(p_meta -> 'cost') = 'number'
    then ceil(least(greatest((p_meta -> 'cost')::numeric, 1), p_burst))::int else 1 end
$$;

-- The first of these jobs that p_tokens are enough for.
create or replace function affordable(p_jobs job[], p_burst int, p_tokens float8) returns job[]
language sql immutable
as $$
  select p_jobs[1:(
    select count(*) from (
      select sum(job_cost(j.meta, p_burst)) over (order by j.place) charged
      from unnest(p_jobs) with ordinality j (xid, id, enqueued_at, segment, lane, attempt, crashes,
                                             kind, payload, key, unique_key, meta, place)) c
    where c.charged <= p_tokens)]
$$;

-- Whether the window of this position holds a row after it.
create or replace function has_rows(p_position claim) returns bool
language plpgsql stable
as $$
begin
  return exists (select from window_rows(p_position.lane, p_position.lo, p_position.hi,
                                         p_position.to_xid, p_position.to_id, 1));
end $$;

-- Whether jobs of a queue wait that are committed and not claimed.
create or replace function has_waiting(p_queue_id int) returns bool
language plpgsql stable
set jit = off set enable_bitmapscan = off set enable_seqscan = off
as $$
declare
  v_position claim;
begin
  for v_lane in p_queue_id * 4 .. p_queue_id * 4 + 3 loop
    if exists (select from keyed k where k.lane = v_lane) then return true; end if;
    v_position := lane_position(v_lane);
    if not v_position.drained and has_rows(v_position) then return true; end if;
    if has_rows(next_window(v_position, pg_current_snapshot())) then return true; end if;
  end loop;
  return false;
end $$;
