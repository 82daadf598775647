-- Grown by parameters.
drop function if exists copy_target(text, smallint);
