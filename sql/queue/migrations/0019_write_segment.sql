-- Which segment single jobs are written to, in a place that costs an enqueue no query. Only a hint: a
-- sequence does not roll back, and `rotation` is what counts. A job may lie in any segment.
create sequence write_segment minvalue 0;
select setval('write_segment', (select segment from rotation order by seq desc limit 1));

-- The leader keeps this index now. Where autovacuum was to do it, a queue that wrote faster than that had
-- time filled the server's log with requests that were not recorded.
drop index job_by_id;
create index job_by_id on job using brin (id) with (pages_per_range = 32);
-- An empty index begins with an entry for the first range, which every job there would have to change.
do $$
begin
  perform brin_desummarize_range(i.inhrelid, 0) from pg_inherits i
    where i.inhparent = 'job_by_id'::regclass;
end $$;

-- Other results.
drop function if exists check_job(text, int, text, jsonb, smallint, timestamptz);
drop function if exists maintenance_due(interval, text);
