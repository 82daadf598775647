-- Other parameters and results.
drop function if exists require_read_committed(text);
drop function if exists is_read_committed();
drop function if exists look_ahead(int, int, pg_snapshot);
drop function if exists index_closed_segment(int);
drop function if exists turn_of(queue, int, text, timestamptz);
drop function if exists end_order(int, bigint);
