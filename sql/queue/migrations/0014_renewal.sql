-- A payload that is still to be run, as the pages of payloads read it.
create type stored_payload as (xid xid8, id bigint, queue text, kind text, state text, payload jsonb);

-- Other parameters or results.
drop function if exists payloads_page(text, int, bool);
drop function if exists waiting_payloads(int, xid8, bigint);
drop function if exists running_payloads(bigint);
drop function if exists row_payloads(bigint);
drop function if exists step_payloads(bigint);
drop function if exists schedule_payloads(bigint);
drop function if exists queue_status() cascade;
