-- Back-pressure: a queue may have a limit of waiting jobs and of their age, beyond which nothing more
-- is enqueued.

-- Fails where p_count more jobs would exceed the limits of the queue. Jobs for a later time are not
-- counted and not refused.
create or replace function refuse_when_full(p_queue queue, p_count int, p_run_at timestamptz)
returns void
language plpgsql
as $$ begin return; end $$;
