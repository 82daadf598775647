-- Each segment has its own index by id, so that it can be without one while the ring turns fast.
drop index job_by_id;
do $$
begin
  for v_segment in 0..3 loop
    execute format('create index job_%1$s_by_id on job_%1$s using brin (id) with (pages_per_range = 32)',
      v_segment);
    -- An empty index begins with an entry for the first range, which every job there would have to change.
    if pg_relation_size('job_' || v_segment) = 0 then
      perform brin_desummarize_range(('job_' || v_segment || '_by_id')::regclass, 0);
    end if;
  end loop;
end $$;
