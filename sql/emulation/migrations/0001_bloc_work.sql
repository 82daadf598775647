-- The work of an emulation bloc: who competes under which rules, the figures that were sent, the
-- ranking computed from them, and what was reported, decided and told.
-- Points and figures are NUMERIC throughout; texts come in two languages, Vietnamese is binding.

-- Catalogue ---------------------------------------------------------------------------------------

create table unit (
  code    text primary key check (code ~ '^[A-Z0-9.-]{1,32}$'),
  name_vi text not null check (name_vi <> ''),
  name_en text not null
);

create table bloc (
  code        text primary key check (code ~ '^[A-Z0-9.-]{1,32}$'),
  name_vi     text not null check (name_vi <> ''),
  name_en     text not null,
  province_vi text not null,
  province_en text not null
);

-- Blocs are rearranged and associations merge; what was printed once must stay printable.
create table membership (
  bloc        text not null references bloc,
  unit        text not null references unit,
  from_day    date not null,
  through_day date check (through_day >= from_day),
  primary key (bloc, unit, from_day)
);
create unique index membership_open on membership (bloc, unit) where through_day is null;
create index membership_unit on membership (unit);

create table period (
  code      text primary key check (code ~ '^[A-Z0-9.-]{1,32}$'),
  name_vi   text not null,
  name_en   text not null,
  kind      text not null check (kind in ('year', 'half_year', 'quarter', 'campaign')),
  first_day date not null,
  last_day  date not null check (last_day >= first_day)
);

-- Rules: a stored version never changes (functions/10_immutable.sql) ----------------------------------

create table scheme (
  code       text not null check (code ~ '^[A-Z0-9.-]{1,32}$'),
  version    int not null check (version >= 0),
  name_vi    text not null,
  name_en    text not null,
  valid_from date not null,
  bonus_cap  numeric(6, 2) not null check (bonus_cap >= 0),
  -- Steps joined by ' > ': score_before_bonus, codes of groups, ballot.
  tie_rule   text not null check (tie_rule <> ''),
  primary key (code, version)
);

create table criterion (
  scheme     text not null,
  version    int not null,
  code       text not null check (code ~ '^[A-Z0-9.-]{1,32}$'),
  position   int not null,
  parent     text,
  kind       text not null
             check (kind in ('group', 'quantitative', 'qualitative', 'per_occurrence', 'adjustment')),
  maximum    numeric(6, 2) not null check (maximum between 0 and 1000),
  points     numeric(8, 4),
  penalty    numeric(8, 4),
  lowest     numeric(6, 2),
  highest    numeric(6, 2),
  name_vi    text not null,
  name_en    text not null,
  measure_vi text not null,
  measure_en text not null,
  primary key (scheme, version, code),
  unique (scheme, version, position),
  foreign key (scheme, version) references scheme,
  foreign key (scheme, version, parent) references criterion
);

create table rating_threshold (
  scheme             text not null,
  version            int not null,
  rating             text not null check (rating in ('excellent', 'good', 'completed')),
  at_least           numeric(6, 2) not null,
  minimum_percentage numeric(5, 2) not null check (minimum_percentage between 0 and 100),
  primary key (scheme, version, rating),
  foreign key (scheme, version) references scheme
);

-- One bloc in one period ---------------------------------------------------------------------------

create table bloc_period (
  bloc            text not null references bloc,
  period          text not null references period,
  state           text not null check (state in (
                    'draft', 'open', 'scoring', 'cross_check', 'meeting', 'finalized', 'submitted',
                    'decided', 'published', 'corrected', 'revoked')),
  head_unit       text not null references unit,
  head_post_vi    text not null,
  head_post_en    text not null,
  head_person     text not null,
  scheme          text not null,
  scheme_version  int not null,
  -- Counts the accepted edits of figures. Every edit updates this row first, so it is also the lock
  -- that puts the edits of one bloc and period in order.
  input_revision  bigint not null default 0,
  -- Somebody asked to close the period once the result has reached this input revision.
  close_at        bigint,
  -- What people give the year-end report; jobs never draw a number.
  report_number   text,
  report_symbol   text not null,
  report_place    text not null,
  report_day      date not null,
  primary key (bloc, period),
  foreign key (scheme, scheme_version) references scheme
);

create table exclusion (
  bloc      text not null,
  period    text not null,
  unit      text not null references unit,
  reason_vi text not null,
  reason_en text not null,
  primary key (bloc, period, unit),
  foreign key (bloc, period) references bloc_period
);

-- Figures: every accepted revision of a sheet is kept; the sheet says which one counts ------------------

create table sheet (
  id         bigint generated always as identity primary key,
  bloc       text not null,
  period     text not null,
  unit       text not null references unit,
  stage      text not null check (stage in ('self_score', 'first_review', 'second_review')),
  revision   int not null check (revision >= 1),
  changed_at timestamptz not null default now(),
  unique (bloc, period, unit, stage),
  foreign key (bloc, period) references bloc_period
);

create table figure (
  sheet       bigint not null references sheet,
  revision    int not null,
  criterion   text not null,
  actual      numeric(14, 2) check (actual >= 0),
  target      numeric(14, 2) check (target >= 0),
  achieved    boolean,
  occurrences int check (occurrences >= 0),
  bonuses     int check (bonuses >= 0),
  penalties   int check (penalties >= 0),
  primary key (sheet, revision, criterion),
  -- One kind of figure in each row.
  check (num_nonnulls(actual, achieved, occurrences, bonuses) = 1),
  check (target is null or actual is not null),
  check ((bonuses is null) = (penalties is null))
);

-- Results --------------------------------------------------------------------------------------------

create table result_set (
  id             bigint generated always as identity primary key,
  bloc           text not null,
  period         text not null,
  input_revision bigint not null,
  scheme         text not null,
  scheme_version int not null,
  computed_at    timestamptz not null,
  unique (bloc, period, input_revision),
  foreign key (bloc, period) references bloc_period
);

create table result_row (
  result_set   bigint not null references result_set on delete cascade,
  position     int not null,
  unit         text not null references unit,
  rank         int,
  rating       text check (rating in ('excellent', 'good', 'completed', 'not_completed')),
  -- All null for a unit that has sent no sheet.
  base         numeric(8, 2),
  bonus        numeric(8, 2),
  deduction    numeric(8, 2),
  total        numeric(8, 2),
  -- Points of each leaf and group by code, as decimal strings: {"I": "43.21", …}.
  points       jsonb,
  exclusion_vi text,
  exclusion_en text,
  primary key (result_set, position),
  unique (result_set, unit),
  check (num_nulls(base, bonus, deduction, total, points) in (0, 5)),
  check (rank is null or (exclusion_vi is null and total is not null))
);

-- Reports: a snapshot never changes, an artefact exists once for each key --------------------------------

create table snapshot (
  id       bigint generated always as identity primary key,
  bloc     text not null,
  period   text not null,
  content  jsonb not null,
  taken_at timestamptz not null default now(),
  foreign key (bloc, period) references bloc_period
);
create index snapshot_bloc_period on snapshot (bloc, period);

create table report_artefact (
  id               bigint generated always as identity primary key,
  kind             text not null,
  snapshot         bigint not null references snapshot,
  template_version int not null,
  locale           text not null,
  format           text not null,
  params_hash      text not null,
  path             text not null,
  byte_count       bigint not null,
  sha256           text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  rendered_at      timestamptz not null default now(),
  unique (kind, snapshot, template_version, locale, format, params_hash)
);
create index report_artefact_snapshot on report_artefact (snapshot);

-- Decisions and notices ----------------------------------------------------------------------------------

create table decision (
  id                 bigint generated always as identity primary key,
  bloc               text not null,
  period             text not null,
  number             text not null,
  day                date not null,
  issuer_vi          text not null,
  issuer_en          text not null,
  subject_vi         text not null,
  subject_en         text not null,
  flags              int not null check (flags >= 0),
  merit_certificates int not null check (merit_certificates >= 0),
  -- The ranking it was taken on; null while it is a draft.
  snapshot           bigint references snapshot,
  foreign key (bloc, period) references bloc_period
);
-- A number is unique for each body and year.
create unique index decision_number on decision (issuer_vi, number, (extract(year from day)));
create index decision_bloc_period on decision (bloc, period);

create table award (
  decision bigint not null references decision,
  unit     text not null references unit,
  kind     text not null check (kind in ('provincial_flag', 'merit_certificate')),
  primary key (decision, unit, kind)
);

create table recipient (
  bloc  text not null references bloc,
  code  text not null check (code ~ '^[A-Z0-9.-]{1,32}$'),
  -- Null for the body that keeps the dossiers.
  unit  text references unit,
  name  text not null,
  email text not null,
  primary key (bloc, code)
);

create table notice (
  id         bigint generated always as identity primary key,
  decision   bigint not null references decision,
  recipient  text not null,
  channel    text not null check (channel in ('email')),
  purpose    text not null check (purpose in ('award', 'result', 'information')),
  -- The address at the time of the decision; a later change of the list does not move a notice.
  unit       text references unit,
  name       text not null,
  email      text not null,
  state      text not null default 'queued'
             check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
  message_id text not null unique,
  -- Deliveries begun. A delivery reports back with the number it began under.
  attempts   int not null default 0,
  -- The server's last reply, or why the last delivery failed or is in doubt.
  reply      text,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  sent_at    timestamptz,
  -- The guarantee that nobody is told twice.
  unique (decision, recipient, channel, purpose),
  check ((state = 'sent') = (sent_at is not null))
);
create index notice_trouble on notice (state) where state in ('failed', 'unknown');
