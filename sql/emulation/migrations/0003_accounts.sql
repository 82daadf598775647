-- Who may use the pages, and what is remembered of those who do. No password and no session's token is
-- stored, only what proves one.

create table account (
  -- What is typed to sign in; always lower case.
  name          text primary key check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
  display_name  text not null check (display_name ~ '\S' and char_length(display_name) <= 100),
  role          text not null check (role in ('officer', 'secretary')),
  -- An officer sends the form of one unit.
  unit          text references unit,
  -- A secretary sends every form of one bloc; null: of every bloc.
  bloc          text references bloc,
  password_hash text not null check (password_hash like '$argon2id$%'),
  created_at    timestamptz not null default now(),
  changed_at    timestamptz not null default now(),
  disabled_at   timestamptz,
  check ((role = 'officer') = (unit is not null)),
  check (role = 'secretary' or bloc is null)
);

create table session (
  -- SHA-256 of the random token that the browser keeps: what stands here opens nothing.
  token_hash   bytea primary key check (octet_length(token_hash) = 32),
  account      text not null references account on delete cascade,
  created_at   timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  -- It ends when nobody has used it for so long, and at expires_at in any case.
  idle_limit   interval not null check (idle_limit > '0'),
  expires_at   timestamptz not null
);
create index session_account on session (account);

-- Attempts to sign in that have not succeeded, counted for each account and each address. Names are
-- hashed into 2^20 buckets: a password that somebody types as a name is not kept, and the table stays
-- small whoever asks.
create table sign_in_attempt (
  kind     text not null check (kind in ('account', 'address')),
  bucket   int not null,
  failures int not null,
  last_at  timestamptz not null,
  primary key (kind, bucket)
);
create index sign_in_attempt_last on sign_in_attempt (last_at);

-- Who sent which revision of a sheet, where the pages knew.
create table submission (
  sheet        bigint not null references sheet,
  revision     int not null,
  -- The account's name, not a reference: what was sent stays attributed when the account is gone.
  author       text not null,
  submitted_at timestamptz not null default now(),
  primary key (sheet, revision)
);
