-- Other parameters and results.
drop function if exists hold_epoch(uuid, int);
drop function if exists look_ahead(queue, int, pg_snapshot);
drop function if exists rows_after(int, pg_snapshot, xid8, bigint, xid8, int);
drop function if exists carry_to_head(queue, int);
