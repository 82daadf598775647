-- A fast queue writes a segment of 64 MB, empties it and writes it again before the kernel would have put
-- its pages on the disk, which commits had to wait for. Who has set another size keeps it.
alter table setting alter column rotate_bytes set default 67108864;
update setting set rotate_bytes = 67108864 where rotate_bytes = 268435456;
