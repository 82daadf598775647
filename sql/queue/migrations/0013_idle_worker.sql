-- heartbeat and sleep_begin answer more than before, by which an idle worker knows when it need not ask.
drop function if exists heartbeat(uuid, int, int, int);
drop function if exists sleep_begin(text[]);
