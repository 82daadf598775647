-- Where a worker's process number means something: its machine and PID namespace. Null: not known.
alter table worker add column process_space text;

-- Other parameters or results, or not needed any more.
drop function if exists register_worker(uuid, text, int, text, int, text[], text[], bool);
drop function if exists try_lead();
drop function if exists maintenance_due(interval);
drop function if exists missing_workers();
drop function if exists seems_connected(uuid);
