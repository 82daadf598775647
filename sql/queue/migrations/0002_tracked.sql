-- Jobs whose end has to be told to somebody: a unique key that is held until then, a workflow, one
-- who waits for the result. A lane without such jobs pays one index probe a settle.
create table tracked (
  lane int not null,
  id bigint not null,
  purpose text not null,
  primary key (lane, id, purpose)
);

-- Only functions write these words; the list of them grows with the features.
alter table job_event drop constraint job_event_event_check;
alter table flagged drop constraint flagged_flag_check;
alter table deferred drop constraint deferred_state_check;
