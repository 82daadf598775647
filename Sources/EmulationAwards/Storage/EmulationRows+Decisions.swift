import Foundation
import LibpqClient

extension EmulationRows {
  private static let decision = """
    select d.id, d.bloc, d.period, d.number, d.day::text as day, d.issuer_vi, d.issuer_en,
           d.subject_vi, d.subject_en, d.flags, d.merit_certificates, d.snapshot
      from emulation.decision d
    """

  func decisions(of key: BlocPeriodKey) async throws -> [Decision] {
    let rows = try await query(
      Self.decision + " where d.bloc = $1 and d.period = $2 order by d.id desc",
      [key.bloc, key.period])
    var decisions: [Decision] = []
    for row in rows { decisions.append(try await decision(row)) }
    return decisions
  }

  /// Throws ``EmulationError/unknown(_:)`` if there is none.
  func decision(_ id: Int64) async throws -> Decision {
    let rows = try await query(Self.decision + " where d.id = $1", [id])
    guard let row = rows.first else {
      throw EmulationError.unknown(
        LocalizedText(vi: "Không có quyết định \(id)", en: "There is no decision \(id)"))
    }
    return try await decision(row)
  }

  /// The drafts that wait for the period to be closed, with what they will award.
  func draftDecisions(of key: BlocPeriodKey) async throws -> [(id: Int64, quota: AwardQuota)] {
    try await query(
      Self.decision
        + " where d.bloc = $1 and d.period = $2 and d.snapshot is null order by d.id for update",
      [key.bloc, key.period]
    ).map { row in
      (
        try row["id"].decode(Int64.self),
        AwardQuota(
          flags: try row["flags"].decode(Int.self),
          meritCertificates: try row["merit_certificates"].decode(Int.self))
      )
    }
  }

  /// Returns whether the draft is new.
  func storeDraft(_ draft: DecisionDraft, for key: BlocPeriodKey) async throws -> Bool {
    try await query(
      """
      insert into emulation.decision
        (bloc, period, number, day, issuer_vi, issuer_en, subject_vi, subject_en, flags,
         merit_certificates)
      values ($1, $2, $3, $4::date, $5, $6, $7, $8, $9, $10) on conflict do nothing
      """,
      [
        key.bloc, key.period, draft.number, draft.day.iso, draft.issuer.vi, draft.issuer.en,
        draft.subject.vi, draft.subject.en, draft.quota.flags, draft.quota.meritCertificates,
      ]
    ).affectedRows > 0
  }

  func issueDecision(_ id: Int64, on snapshot: Int64, awards: [Award]) async throws {
    try await query("update emulation.decision set snapshot = $2 where id = $1", [id, snapshot])
    for award in awards {
      try await query(
        "insert into emulation.award (decision, unit, kind) values ($1, $2, $3)",
        [id, award.unit, award.kind.rawValue])
    }
  }

  private func decision(_ row: SQLRow) async throws -> Decision {
    let id = try row["id"].decode(Int64.self)
    return Decision(
      id: id,
      blocPeriod: BlocPeriodKey(
        bloc: try row["bloc"].decode(String.self), period: try row["period"].decode(String.self)),
      number: try row["number"].decode(String.self), day: try row.day("day"),
      issuer: try row.localized("issuer"), subject: try row.localized("subject"),
      awards: try await awards(of: id), snapshot: try row["snapshot"].decode(Int64?.self))
  }

  /// Flags first, then by unit code.
  private func awards(of decision: Int64) async throws -> [Award] {
    try await query(
      """
      select unit, kind from emulation.award where decision = $1
       order by kind = 'provincial_flag' desc, unit collate "C"
      """, [decision]
    ).map { Award(unit: try $0["unit"].decode(String.self), kind: try $0.value("kind")) }
  }
}
