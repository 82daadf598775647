package import LibpqClient

/// What the run needs in its database: the table of effects, and a record of each settle that was
/// accepted and of each worker that was ended. The record is written in the transaction of the act
/// itself, so it survives exactly when the act does: what a crash of the server takes back is not in
/// it. `seq` is drawn while the act holds its locks, so its order is theirs.
package enum Observation {
  package static func install(on connection: Connection) async throws {
    try await connection.execute(script: script)
  }

  private static let script = """
    create table public.effect (job bigint not null);
    create schema chaos;
    create table chaos.observed (
      seq bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      what text not null, epoch uuid not null, ids bigint[]);

    create function chaos.note_end() returns trigger language plpgsql as $$
    begin
      insert into chaos.observed (what, epoch) values (new.ending, new.epoch);
      return null;
    end $$;
    create trigger note_end after update of ended_at on ong.worker for each row
      when (old.ended_at is null and new.ended_at is not null) execute function chaos.note_end();

    -- The jobs of a claim that is settled as a whole. Takes none of settle's locks, which would hide
    -- their lack: rotation may be carrying the jobs to `held` just now. A snapshot from before its
    -- truncation then shows the claim and not its rows, but rows that follow; that is null here.
    create function chaos.claimed_ids(p_epoch uuid, p_lane int, p_seq bigint) returns bigint[]
    language sql stable set search_path = ong, pg_temp as $$
      select coalesce(
        (select array_agg(h.id) from ong.held h
         where h.lane = p_lane and h.seq = p_seq and h.epoch = p_epoch),
        (select array_agg(r.id) from ong.claim c, ong.claimed_rows(c) r
         where c.lane = p_lane and c.seq = p_seq and c.epoch = p_epoch and c.n > 0
           and (r.xid, r.id) <= (c.to_xid, c.to_id)
         group by c.n having count(*) = c.n))
    $$;

    -- Puts an observer in the place of settle. A migration puts settle back, and the trigger below
    -- the observer in front of it again, in the migration's own transaction.
    create function chaos.observe_settle() returns void language plpgsql as $$
    declare
      v_text text := pg_get_functiondef(
        'ong.settle(uuid, int, int, bigint, bigint[], bool, jsonb)'::regprocedure);
    begin
      if v_text like '%settle_unobserved%' then return; end if;
      execute replace(v_text, 'FUNCTION ong.settle(', 'FUNCTION ong.settle_unobserved(');
      execute $wrapper$
        create or replace function ong.settle(
          p_epoch uuid, p_session int, p_lane int, p_seq bigint, p_ids bigint[], p_final bool,
          p_outcomes jsonb default null)
        returns void language plpgsql security definer set search_path = ong, pg_temp as $settle$
        declare
          v_ids bigint[] := p_ids;
        begin
          if v_ids is null then
            for v_try in 1..20 loop
              v_ids := chaos.claimed_ids(p_epoch, p_lane, p_seq);
              exit when v_ids is not null;
              perform pg_sleep(0.005);
            end loop;
          end if;
          perform settle_unobserved(
            p_epoch, p_session, p_lane, p_seq, p_ids, p_final, p_outcomes);
          insert into chaos.observed (what, epoch, ids)
            select 'settled', p_epoch, s.ids
            from (
              select array(
                select i.id from unnest(v_ids) i (id)
                except
                select o.id from jsonb_to_recordset(p_outcomes) o (id bigint, outcome text)
                where o.outcome is distinct from 'succeed') ids) s
            where cardinality(s.ids) > 0;
        end $settle$
      $wrapper$;
    end $$;
    create function chaos.on_change() returns event_trigger language plpgsql as $$
    begin
      if exists (select from pg_event_trigger_ddl_commands() c
                 where c.object_identity like 'ong.settle(%') then
        perform chaos.observe_settle();
      end if;
    end $$;
    create event trigger observe_settle on ddl_command_end when tag in ('CREATE FUNCTION')
      execute function chaos.on_change();
    select chaos.observe_settle();
    -- So that the ring turns often, and no kind is parked for its many crashes.
    update ong.setting set rotate_after = '2 seconds', quarantine_after = 0;
    """
}
