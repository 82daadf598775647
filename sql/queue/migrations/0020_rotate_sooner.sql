-- A fast queue writes a segment of 128 MB, empties it and writes it again before the kernel would have put
-- its pages on the disk, which commits had to wait for. Who has set another size keeps it.
alter table setting alter column rotate_bytes set default 134217728;
update setting set rotate_bytes = 134217728 where rotate_bytes = 268435456;
