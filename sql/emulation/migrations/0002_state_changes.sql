-- The way of a bloc through a period, step by step, for whoever asks later who was where when.

create table state_change (
  id         bigint generated always as identity primary key,
  bloc       text not null,
  period     text not null,
  state      text not null,
  changed_at timestamptz not null default now(),
  foreign key (bloc, period) references bloc_period
);
create index state_change_bloc_period on state_change (bloc, period);
