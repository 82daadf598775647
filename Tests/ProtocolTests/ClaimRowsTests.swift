import Foundation
import LibpqClient
import Testing

/// Claims as a worker reads them: rows of the log, and a row that names the claim behind those of each.
@Suite("Claimed rows")
struct ClaimRowsTests {
  /// Each has a statement of its own in `claim_rows`.
  enum Way: String, CaseIterable, CustomTestStringConvertible {
    case plain, rated, keyed, flagged, late
    var testDescription: String { rawValue }
  }

  private struct NamedClaim {
    var lane: Int32
    var seq: Int64
    var ids: [Int64]
  }

  @Test("Behind the jobs of each claim comes the row that names it", arguments: Way.allCases)
  func names(_ way: Way) async throws {
    try await withQueueDatabase { configuration in
      let session = try await Session(configuration)
      let epoch = try await session.register()
      let writer = try await Session(configuration)
      try await prepare(way, session, writer)
      for priority: Int16 in [0, 2] { try await session.enqueueMany(3, priority: priority) }
      if way == .late {
        // Its rows lie in a window that another claim has opened before they were there to see.
        try await session.enqueueMany(1, priority: 2)
        _ = try await session.claim(epoch, limit: 1)
        try await writer.run("commit")
      }
      var jobs = 0
      while case let claims = try await claims(session, epoch), !claims.isEmpty {
        if jobs == 0 { #expect(Set(claims.map { $0.lane % 4 }) == [0, 2]) }
        for claim in claims {
          #expect(!claim.ids.isEmpty)
          // The server takes them as all of that claim, and no others.
          try await session.connection.query(
            "select settle($1, 1, $2, $3, $4, true)", [epoch, claim.lane, claim.seq, claim.ids])
          jobs += claim.ids.count
        }
      }
      #expect(jobs == (way == .flagged ? 8 : way == .late ? 7 : 6))
    }
  }

  private func prepare(_ way: Way, _ session: Session, _ writer: Session) async throws {
    switch way {
    case .plain: break
    case .rated: try await session.setLimits(#"{"rate": {"count": 1000, "per_seconds": 60}}"#)
    case .keyed: try await session.setLimits(#"{"key_order": "fair"}"#)
    case .flagged:
      for priority in [0, 2] {
        try await session.run(
          "select enqueue('q', 'k', p_priority => \(priority)::smallint, p_unique_key => '\(priority)')"
        )
      }
    case .late:
      try await writer.run("begin; select enqueue('q', 'k', p_priority => 0::smallint)")
    }
  }

  private func claims(_ session: Session, _ epoch: UUID) async throws -> [NamedClaim] {
    let rows = try await session.connection.query(
      "select kind, lane, id from claim_rows($1, 1, 'q', 100)", [epoch])
    var claims: [NamedClaim] = []
    var ids: [Int64] = []
    for row in rows {
      let id = try row[2].decode(Int64.self)
      guard row[0].isNull else {
        ids.append(id)
        continue
      }
      claims.append(NamedClaim(lane: try row[1].decode(), seq: id, ids: ids))
      ids = []
    }
    #expect(ids.isEmpty, "the last row names a claim")
    return claims
  }
}
