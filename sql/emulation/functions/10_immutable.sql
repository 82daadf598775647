-- What has been relied upon is never changed in place: a scheme gets a new version, a report a new
-- snapshot, a decision a correcting one.

create or replace function refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception 'rows of % are never changed', tg_table_name
    using errcode = 'restrict_violation',
          hint = 'Add a new version, snapshot or decision instead.';
end $$;

create or replace trigger scheme_is_immutable before update or delete on scheme
  for each row execute function refuse_change();
create or replace trigger criterion_is_immutable before update or delete on criterion
  for each row execute function refuse_change();
create or replace trigger rating_threshold_is_immutable before update or delete on rating_threshold
  for each row execute function refuse_change();
create or replace trigger figure_is_immutable before update or delete on figure
  for each row execute function refuse_change();
create or replace trigger snapshot_is_immutable before update or delete on snapshot
  for each row execute function refuse_change();
create or replace trigger report_artefact_is_immutable before update or delete on report_artefact
  for each row execute function refuse_change();
create or replace trigger award_is_immutable before update or delete on award
  for each row execute function refuse_change();
create or replace trigger state_change_is_immutable before update or delete on state_change
  for each row execute function refuse_change();
create or replace trigger submission_is_immutable before update or delete on submission
  for each row execute function refuse_change();
