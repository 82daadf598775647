-- Other results: rows as they lie in the log. `claim` itself has its results as before.
drop function if exists claim_keyed(queue, claim[], claim, int);
drop function if exists claim_window(claim, claim, int, int);
drop function if exists claim_affordable(claim, claim, int, int);
drop function if exists claim_flagged(claim, claim, int, int);
drop function if exists head_positions(queue, int);
drop function if exists look_ahead(queue, int, pg_snapshot);
