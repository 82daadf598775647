/*
 * The protocol of one lane: claim, settle, rescue, rotate, re-confirm, with late commits, crashes of
 * workers and of the server. Steps are named as the SQL functions in sql/queue/functions; what is
 * one transaction there is two steps here, taking the locks and committing, and everybody else may
 * run in between.
 *
 * Checked exhaustively at small sizes by Tests/ModelTests, with the variants below, each of which
 * lacks one lock or check and must fail:
 *   -DNO_EPOCH_LOCK     settle looks whether its worker lives and does not keep it so
 *   -DNO_EPOCH_CHECK    claim serves a worker that was declared dead
 *   -DNO_ROTATION_LOCK  settle does not exclude rotate
 *   -DNO_HOLD           rotate truncates the rows of open claims
 *   -DNO_CARRY          rotate truncates rows that nobody has claimed
 *   -DREAD_BY_ID        claim reads everything after the last row instead of the window
 *   -DNO_CONFIRM        a worker goes on after a crash of the server with what it remembers
 *
 * Not modelled: several lanes, bands, outcomes other than success (they settle and append), time.
 */
#ifndef JOBS
#define JOBS 2
#endif
#ifndef ROWS
#define ROWS 3     /* appearances of jobs in the log, at most 8: sets of rows are bits of a byte */
#endif
#ifndef CLAIMS
#define CLAIMS 2
#endif
#ifndef WORKERS
#define WORKERS 1
#endif
#ifndef EPOCHS
#define EPOCHS 1   /* lives of the workers, at most 3 */
#endif
#ifndef CRASHES
#define CRASHES 1  /* of the server */
#endif
#define NONE 255
#define bit_of(r) (1 << (r))

typedef Row { byte job; bit segment }
typedef Claim { byte epoch; byte rows; byte settled; byte held }

typedef Database {
  Row log[ROWS];
  byte tail;               /* rows appended so far: a row's index is its (xid, id) */
  byte visible;            /* rows of committed transactions */
  byte truncated;
  byte lo, hi, to;         /* the read position: window (lo, hi], rows up to `to` are taken */
  Claim claim[CLAIMS];
  byte claims;
  bool ended[EPOCHS];      /* retired or rescued */
  byte epochs;             /* registered so far */
  bit head;                /* the segment that takes new rows */
  byte enqueued;           /* jobs whose producer has committed, as bits */
  byte accepted[JOBS];     /* settles of the job that were accepted */
}

Database db;               /* as everybody sees it */
Database disk;             /* what a crash of the server leaves */

byte epoch_shared[EPOCHS], rotation_shared, writers[2];
bool queue_locked;
byte life;                 /* counts the server's restarts */
byte crashes;

inline save() {
  d_step {
    for (k : 0 .. ROWS - 1) {
      disk.log[k].job = db.log[k].job; disk.log[k].segment = db.log[k].segment
    }
    for (k : 0 .. CLAIMS - 1) {
      disk.claim[k].epoch = db.claim[k].epoch; disk.claim[k].rows = db.claim[k].rows;
      disk.claim[k].settled = db.claim[k].settled; disk.claim[k].held = db.claim[k].held
    }
    for (k : 0 .. EPOCHS - 1) { disk.ended[k] = db.ended[k] }
    for (k : 0 .. JOBS - 1) { disk.accepted[k] = db.accepted[k] }
    disk.tail = db.tail; disk.visible = db.visible; disk.truncated = db.truncated;
    disk.lo = db.lo; disk.hi = db.hi; disk.to = db.to; disk.claims = db.claims;
    disk.epochs = db.epochs; disk.head = db.head; disk.enqueued = db.enqueued;
    k = 0
  }
}

inline restore() {
  for (k : 0 .. ROWS - 1) {
    db.log[k].job = disk.log[k].job; db.log[k].segment = disk.log[k].segment
  }
  for (k : 0 .. CLAIMS - 1) {
    db.claim[k].epoch = disk.claim[k].epoch; db.claim[k].rows = disk.claim[k].rows;
    db.claim[k].settled = disk.claim[k].settled; db.claim[k].held = disk.claim[k].held
  }
  for (k : 0 .. EPOCHS - 1) { db.ended[k] = disk.ended[k]; epoch_shared[k] = 0 }
  for (k : 0 .. JOBS - 1) { db.accepted[k] = disk.accepted[k] }
  db.tail = disk.tail; db.visible = disk.visible; db.truncated = disk.truncated;
  db.lo = disk.lo; db.hi = disk.hi; db.to = disk.to; db.claims = disk.claims;
  db.epochs = disk.epochs; db.head = disk.head; db.enqueued = disk.enqueued;
  k = 0
}

#define is_visible(r)   ((db.visible >> (r)) & 1)
#define is_truncated(r) ((db.truncated >> (r)) & 1)
#define in_lo(r)        ((db.lo >> (r)) & 1)
#define in_hi(r)        ((db.hi >> (r)) & 1)
#define is_ahead(r)     (!in_lo(r) && !(in_hi(r) && (r) < db.to))
#define unsettled(c)    (db.claim[c].rows & ~db.claim[c].settled & 255)

/* append_again: the job's next appearance, in this transaction. */
inline append_again(again) {
  db.log[db.tail].job = again;
  db.log[db.tail].segment = db.head;
  db.visible = db.visible | bit_of(db.tail);
  db.tail++
}

/* NoLoss and OneAcceptance, after every commit. */
inline invariants() {
  for (j : 0 .. JOBS - 1) {
    assert(db.accepted[j] <= 1);
    found = (db.accepted[j] == 1) || !((db.enqueued >> j) & 1);
    for (r : 0 .. ROWS - 1) {
      if
      :: !found && r < db.tail && db.log[r].job == j && is_visible(r) ->
           found = !is_truncated(r) && is_ahead(r);
           for (c : 0 .. CLAIMS - 1) {
             if
             :: !found && c < db.claims && !db.ended[db.claim[c].epoch] ->
                  found = (((db.claim[c].held >> r) & 1) || (((unsettled(c) >> r) & 1) && !is_truncated(r)))
             :: else
             fi
           }
      :: else
      fi
    }
    assert(found)
  }
  j = 0; r = 0; c = 0; found = false
}

/* A producer's transaction: the row is there at once and visible with the commit, perhaps late. */
proctype Producer(byte job) {
  byte k, j, r, c, row, segment, seen;
  bool found;
  atomic {
    db.tail < ROWS ->
      row = db.tail; segment = db.head; seen = life;
      db.log[row].job = job; db.log[row].segment = segment;
      db.tail++; writers[segment]++
  }
  atomic {
    if
    :: seen == life ->      /* commits synchronously: everything before it is on disk too */
         d_step {
           db.visible = db.visible | bit_of(row); db.enqueued = db.enqueued | bit_of(job);
           writers[segment]--;
           invariants()
         }
         save()
    :: seen == life -> writers[segment]--      /* rolls back */
    :: else                                    /* the server's crash rolled it back */
    fi
  }
}

inline take_window() {
#ifdef READ_BY_ID
  /* everything that is visible after the last row */
  db.lo = 0; db.hi = db.visible;
#else
  taken = 0;
  for (r : 0 .. ROWS - 1) {
    if
    :: r < db.tail && r >= db.to && in_hi(r) && !in_lo(r) && !is_truncated(r) -> taken = 1
    :: else
    fi
  }
  if
  :: taken == 0 -> db.lo = db.hi; db.hi = db.visible; db.to = 0      /* next_window */
  :: else
  fi;
#endif
  taken = 0; count = 0;
  for (r : 0 .. ROWS - 1) {
    if
    :: r < db.tail && r >= db.to && in_hi(r) && !in_lo(r) && !is_truncated(r) && count < size ->
         taken = taken | bit_of(r); count++; last = r + 1
    :: else
    fi
  }
  if
  :: count > 0 -> db.to = last
  :: else
  fi;
  r = 0; last = 0; count = 0
}

#ifdef NO_EPOCH_CHECK
#define worker_is_dead false
#else
#define worker_is_dead db.ended[epoch]
#endif

/* refuse_settle: not its own claim, or jobs that were settled before. */
#define is_refused (mine >= db.claims || db.claim[mine].epoch != epoch || (db.claim[mine].held == 0 && (db.claim[mine].settled & hand) != 0) || (db.claim[mine].held != 0 && (db.claim[mine].held & hand) != hand))

proctype Worker(byte first) {
  byte epoch = first, seen = 0, mine = NONE, hand = 0;
  byte k, j, r, c, taken, count, last, size;
  bool found, in_held;
#ifdef NO_CONFIRM
  byte old = NONE, old_hand = 0;
#endif

  do
  /* claim: hold_epoch, the queue's lock, the rotation lock shared; then the new claim row. */
  :: mine == NONE && seen == life ->
       atomic {
         if
         :: seen != life || worker_is_dead || db.claims == CLAIMS -> goto confirm
         :: seen == life && !worker_is_dead && db.claims < CLAIMS && !queue_locked ->
              epoch_shared[epoch]++; rotation_shared++; queue_locked = true
         fi
       }
       atomic {
         if
         :: seen == life ->
              if
              :: size = 1
              :: size = 2
              fi;
              d_step {
                take_window();
                if
                :: taken != 0 ->
                     db.claim[db.claims].epoch = epoch; db.claim[db.claims].rows = taken;
                     db.claim[db.claims].settled = 0; db.claim[db.claims].held = 0;
                     mine = db.claims; hand = taken; db.claims++
                :: else
                fi;
                epoch_shared[epoch]--; rotation_shared--; queue_locked = false;
                taken = 0; size = 0;
                invariants()
              }
              if               /* an asynchronous commit: on disk now, or not yet */
              :: save()
              :: skip
              fi
         :: else -> goto confirm
         fi
       }

  /* settle: hold_epoch, the rotation lock shared, a look at the claim; then the closure. */
  :: mine != NONE && seen == life ->
       atomic {
         if
         :: seen != life -> goto confirm
         :: seen == life && (db.ended[epoch] || is_refused) ->
              mine = NONE; hand = 0; goto confirm
         :: seen == life && !(db.ended[epoch] || is_refused) ->
#ifndef NO_EPOCH_LOCK
              epoch_shared[epoch]++;
#endif
#ifndef NO_ROTATION_LOCK
              rotation_shared++;
#endif
              in_held = (db.claim[mine].held != 0)
         fi
       }
       atomic {
         if
         :: seen == life ->
              d_step {
                for (r : 0 .. ROWS - 1) {
                  if
                  :: (hand >> r) & 1 -> db.accepted[db.log[r].job]++
                  :: else
                  fi
                }
                if
                :: in_held -> db.claim[mine].held = db.claim[mine].held & ~hand & 255
                :: else -> db.claim[mine].settled = db.claim[mine].settled | hand
                fi;
#ifndef NO_EPOCH_LOCK
                epoch_shared[epoch]--;
#endif
#ifndef NO_ROTATION_LOCK
                rotation_shared--;
#endif
                in_held = false; r = 0;
                invariants()
              }
              if
              :: save()        /* on disk: settled in the handler's own transaction, or flushed */
              :: skip
              fi;
              if
              :: mine = NONE; hand = 0          /* the answer arrived */
              :: goto confirm                   /* it was lost with the connection */
              fi
         :: else -> goto confirm
         fi
       }

  /* confirm_worker and open_jobs: keep what the server still knows, drop the rest. */
  :: seen != life ->
confirm:
       atomic {
#ifdef NO_CONFIRM
         seen = life; old = mine; old_hand = hand; mine = NONE; hand = 0;
         if
         :: old == NONE && db.claims == CLAIMS -> break
         :: else
         fi
#else
         seen = life; mine = NONE; hand = 0;
         if
         :: db.ended[epoch] && db.epochs < EPOCHS -> epoch = db.epochs; db.epochs++; save()
         :: db.ended[epoch] && db.epochs >= EPOCHS -> break
         :: !db.ended[epoch] && epoch_shared[epoch] == 0 ->
              d_step {
                for (c : 0 .. CLAIMS - 1) {
                  if
                  :: mine == NONE && c < db.claims && db.claim[c].epoch == epoch && (unsettled(c) != 0 || db.claim[c].held != 0) ->
                       mine = c; hand = unsettled(c) | db.claim[c].held
                  :: else
                  fi
                }
                c = 0
              }
         fi;
         if
         :: mine == NONE && db.claims == CLAIMS -> break
         :: else
         fi
#endif
       }

#ifdef NO_CONFIRM
  /* Results from before the crash, reported beside those of a new claim. */
  :: old != NONE && seen == life ->
       atomic {
         size = mine; mine = old; old = size; size = hand; hand = old_hand; old_hand = size; size = 0
       }
#endif

  /* The process dies, idle or with claimed jobs. */
  :: break
  od
}

/* rescue, of the dead and of the living: the epoch's lock alone, the rotation lock shared. */
proctype Rescuer() {
  byte k, j, r, c, e, moved;
  bool found;
  do
  :: atomic {
       if
       :: e = 0
       :: EPOCHS > 1 -> e = 1
       :: EPOCHS > 2 -> e = 2
       fi;
       if
       :: e < db.epochs && !db.ended[e] && epoch_shared[e] == 0 && db.tail + JOBS <= ROWS ->
            d_step {
              db.ended[e] = true;
              for (c : 0 .. CLAIMS - 1) {
                if
                :: c < db.claims && db.claim[c].epoch == e ->
                     for (r : 0 .. ROWS - 1) {
                       if
                       :: (((unsettled(c) | db.claim[c].held) >> r) & 1) && db.tail < ROWS ->
                            moved = db.log[r].job; append_again(moved)
                       :: else
                       fi
                     }
                     db.claim[c].settled = db.claim[c].rows; db.claim[c].held = 0
                :: else
                fi
              }
              r = 0; c = 0;
              invariants()
            }
            save();
            e = 0; moved = 0
       :: else -> break
       fi
     }
  :: break
  od
}

/* rotate: the rotation lock alone, and the segment's tables, for which writers are waited for. */
proctype Rotator() {
  byte k, j, r, c, next, moved;
  bool found;
  do
  :: atomic {
       next = 1 - db.head;
       if
       :: rotation_shared == 0 && writers[next] == 0 && db.tail + JOBS <= ROWS ->
            d_step {
#ifndef NO_HOLD
              for (c : 0 .. CLAIMS - 1) {       /* hold_open_claims */
                if
                :: c < db.claims && !db.ended[db.claim[c].epoch] ->
                     k = 0;
                     for (r : 0 .. ROWS - 1) {
                       if
                       :: ((unsettled(c) >> r) & 1) && db.log[r].segment == next -> k = 1
                       :: else
                       fi
                     }
                     if
                     :: k == 1 ->
                          db.claim[c].held = unsettled(c); db.claim[c].settled = db.claim[c].rows
                     :: else
                     fi
                :: else
                fi
              }
#endif
              k = db.tail;                      /* rows that this rotation appends stay out */
              for (r : 0 .. ROWS - 1) {         /* carry_unclaimed, truncate */
                if
                :: r < k && db.log[r].segment == next && !is_truncated(r) ->
#ifndef NO_CARRY
                     if
                     :: is_visible(r) && is_ahead(r) && db.tail < ROWS -> moved = db.log[r].job; append_again(moved)
                     :: else
                     fi;
#endif
                     db.truncated = db.truncated | bit_of(r)
                :: else
                fi
              }
              for (r : 0 .. ROWS - 1) {         /* the carried rows lie in the new head */
                if
                :: r >= k && r < db.tail -> db.log[r].segment = next
                :: else
                fi
              }
              db.head = next; k = 0; r = 0; c = 0; next = 0; moved = 0;
              invariants()
            }
            save()
       :: else -> break
       fi
     }
  :: break
  od
}

/* The server crashes: what was committed asynchronously since the last flush is gone, and every
   session with its locks. */
proctype Crash() {
  byte k;
  do
  :: crashes < CRASHES ->
       d_step {
         crashes++;
         restore();
         rotation_shared = 0; queue_locked = false; writers[0] = 0; writers[1] = 0;
         life++
       }
  :: break
  od
}

init {
  byte k, w;
  atomic {
    db.epochs = WORKERS;
    save();
    for (w : 0 .. JOBS - 1) { run Producer(w) }
    for (w : 0 .. WORKERS - 1) { run Worker(w) }
    run Rescuer();
    run Rotator();
    run Crash()
  }
}
