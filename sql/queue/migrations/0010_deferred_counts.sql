-- What readers count and page through, however many jobs are put off: a queue's jobs by state.
create index deferred_of_lane on deferred (lane, state, id);
