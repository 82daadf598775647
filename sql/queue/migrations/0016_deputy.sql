-- Other parameters or results, or not needed any more.
drop function if exists try_lead();
drop function if exists seems_connected(uuid);
