import Foundation
import LibpqClient

extension EmulationRows {
  private static let notice = """
    select n.id, n.decision, n.recipient, n.unit, n.name, n.email, n.channel, n.purpose, n.state,
           n.message_id, n.attempts, n.reply, n.created_at, n.sent_at
      from emulation.notice n
    """

  func notices(of key: BlocPeriodKey) async throws -> [Notice] {
    try await query(
      Self.notice + """
         join emulation.decision d on d.id = n.decision
         where d.bloc = $1 and d.period = $2
         order by n.decision desc, n.recipient collate "C", n.purpose
        """, [key.bloc, key.period]
    ).map(Self.notice)
  }

  /// Throws ``EmulationError/unknown(_:)`` if there is none.
  func notice(_ id: Int64, lock: Bool = false) async throws -> Notice {
    let rows = try await query(Self.notice + " where n.id = $1" + (lock ? " for update" : ""), [id])
    guard let row = rows.first else {
      throw EmulationError.unknown(
        LocalizedText(vi: "Không có thông báo \(id)", en: "There is no notice \(id)"))
    }
    return try Self.notice(row)
  }

  /// Adds the notices of an issued decision that are not there yet, at most `limit`, and returns
  /// their ids. A recipient of an awarded unit is told of the award, of another member of the result;
  /// one without a unit is informed.
  func addNotices(
    of decision: Int64, messageIDDomain: String, limit: Int
  ) async throws -> [Int64] {
    try await query(
      """
      insert into emulation.notice
        (decision, recipient, channel, purpose, unit, name, email, message_id)
      select d.id, r.code, 'email', w.purpose, r.unit, r.name, r.email,
             '<' || left(encode(sha256(convert_to(concat_ws(chr(10), d.issuer_vi, d.number,
               d.day::text, d.bloc, r.code, 'email', w.purpose), 'UTF8')), 'hex'), 40)
               || '@' || $2::text || '>'
        from emulation.decision d
        join emulation.recipient r on r.bloc = d.bloc
        cross join lateral (
          select case when r.unit is null then 'information'
                      when exists (select 1 from emulation.award a
                                    where a.decision = d.id and a.unit = r.unit) then 'award'
                      else 'result' end as purpose) w
       where d.id = $1 and d.snapshot is not null
         and not exists (select 1 from emulation.notice n
                          where n.decision = d.id and n.recipient = r.code
                            and n.channel = 'email' and n.purpose = w.purpose)
       order by r.code collate "C" limit $3
      on conflict do nothing
      returning id
      """, [decision, messageIDDomain, Int64(limit)]
    ).map { try $0["id"].decode(Int64.self) }
  }

  /// Moves a notice on. `attempt` guards against a delivery that has been given up meanwhile: nil
  /// moves whatever the attempt was. Returns whether a row was moved.
  func moveNotice(
    _ id: Int64, to state: NoticeState, from states: [NoticeState], attempt: Int? = nil,
    reply: String? = nil
  ) async throws -> Bool {
    try await query(
      """
      update emulation.notice
         set state = $2, reply = coalesce($3, reply), changed_at = now(),
             attempts = attempts + case when $2 = 'sending' then 1 else 0 end,
             sent_at = case when $2 = 'sent' then now() end
       where id = $1 and state = any($4::text[]) and ($5::int is null or attempts = $5)
      """, [id, state.rawValue, reply, states.map(\.rawValue), attempt.map(Int32.init)]
    ).affectedRows > 0
  }

  /// When the notice was written: the same on every delivery.
  func noticeCreation(_ id: Int64) async throws -> Date {
    try await query("select created_at from emulation.notice where id = $1", [id])[0, 0]
      .decode(Date.self)
  }

  private static func notice(_ row: SQLRow) throws -> Notice {
    let state = try row.value("state", NoticeState.self)
    return Notice(
      id: try row["id"].decode(Int64.self), decision: try row["decision"].decode(Int64.self),
      recipient: Recipient(
        code: try row["recipient"].decode(String.self), unit: try row["unit"].decode(String?.self),
        name: try row["name"].decode(String.self), email: try row["email"].decode(String.self)),
      channel: try row["channel"].decode(String.self), purpose: try row.value("purpose"),
      state: state, messageID: try row["message_id"].decode(String.self),
      attempts: try row["attempts"].decode(Int.self),
      trouble: state == .sent ? nil : try row["reply"].decode(String?.self),
      sentAt: try row["sent_at"].decode(Date?.self))
  }
}
