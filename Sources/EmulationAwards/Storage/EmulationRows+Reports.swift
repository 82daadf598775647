import Foundation
import LibpqClient

extension EmulationRows {
  func storeSnapshot(_ content: SnapshotContent) async throws -> Int64 {
    let key = content.blocPeriod.key
    return try await query(
      "insert into emulation.snapshot (bloc, period, content) values ($1, $2, $3) returning id",
      [key.bloc, key.period, try JSONText(encoding: content)])[0, 0].decode(Int64.self)
  }

  /// Throws ``EmulationError/unknown(_:)`` if there is none.
  func snapshot(_ id: Int64) async throws -> ReportSnapshot {
    let rows = try await query("select content from emulation.snapshot where id = $1", [id])
    guard let row = rows.first else {
      throw EmulationError.unknown(
        LocalizedText(vi: "Không có bản chốt số liệu \(id)", en: "There is no snapshot \(id)"))
    }
    let text = try row["content"].decode(JSONText.self).text
    return ReportSnapshot(
      id: id, content: try JSONDecoder().decode(SnapshotContent.self, from: Data(text.utf8)))
  }

  private static let artefact = """
    select a.id, a.kind, a.snapshot, a.template_version, a.locale, a.format, a.params_hash,
           a.path, a.byte_count, a.sha256, a.rendered_at
      from emulation.report_artefact a
    """

  func artefacts(of key: BlocPeriodKey) async throws -> [ReportArtefact] {
    try await query(
      Self.artefact + """
         join emulation.snapshot s on s.id = a.snapshot
         where s.bloc = $1 and s.period = $2 order by a.id desc
        """, [key.bloc, key.period]
    ).map(Self.artefact)
  }

  func artefact(_ key: ArtefactKey) async throws -> ReportArtefact? {
    try await query(
      Self.artefact + """
         where a.kind = $1 and a.snapshot = $2 and a.template_version = $3 and a.locale = $4
           and a.format = $5 and a.params_hash = $6
        """, key.parameters
    ).first.map(Self.artefact)
  }

  /// Publishes a file; does nothing if somebody else has published the same key.
  func storeArtefact(
    _ key: ArtefactKey, path: String, byteCount: Int, sha256: String
  ) async throws {
    try await query(
      """
      insert into emulation.report_artefact
        (kind, snapshot, template_version, locale, format, params_hash, path, byte_count, sha256)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
      """, key.parameters + [path, Int64(byteCount), sha256])
  }

  func sha256(_ bytes: [UInt8]) async throws -> String {
    try await query("select encode(sha256($1), 'hex')", [Data(bytes)])[0, 0].decode(String.self)
  }

  private static func artefact(_ row: SQLRow) throws -> ReportArtefact {
    ReportArtefact(
      id: try row["id"].decode(Int64.self), kind: try row["kind"].decode(String.self),
      snapshot: try row["snapshot"].decode(Int64.self),
      templateVersion: try row["template_version"].decode(Int.self),
      locale: try row["locale"].decode(String.self), format: try row["format"].decode(String.self),
      path: try row["path"].decode(String.self),
      byteCount: try row["byte_count"].decode(Int64.self),
      sha256: try row["sha256"].decode(String.self),
      renderedAt: try row["rendered_at"].decode(Date.self))
  }
}

/// What makes an artefact the same one: equal keys, one file.
struct ArtefactKey: Hashable {
  let kind: String
  let snapshot: Int64
  let templateVersion: Int
  let locale: String
  let format: String
  /// Of parameters beyond the rest; no report has any yet.
  let paramsHash: String

  fileprivate var parameters: [any SQLParameter] {
    [kind, snapshot, templateVersion, locale, format, paramsHash]
  }
}
