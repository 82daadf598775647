-- A worker behind a pooler in transaction mode has no session that its life could be told by.
alter table worker add column pooled bool not null default false;

-- Other parameters or results.
drop function if exists register_worker(uuid, text, int, text, int, text[], text[]);
drop function if exists check_job(queue, text, jsonb, smallint, timestamptz);

-- Most waiting jobs that a rotation carries to the head.
alter table setting add column rotate_carry int not null default 10000 check (rotate_carry >= 0);
