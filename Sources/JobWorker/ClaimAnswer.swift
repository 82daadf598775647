package import LibpqClient

/// What the SQL function `claim_rows` answers: jobs in the order in which they are to start, and behind
/// those of each claim a row without a kind that names it.
package struct ClaimAnswer {
  package let rows: QueryResult
  /// Each claim with the rows of its jobs.
  package let claims: [(key: ClaimKey, range: Range<Int>)]

  /// - Parameter rows: with the columns of `ClaimColumn`. Rows behind the last named claim are of none.
  package init(_ rows: QueryResult) {
    self.rows = rows
    var claims: [(key: ClaimKey, range: Range<Int>)] = []
    var start = 0
    for row in 0..<rows.count where rows.isNull(row: row, column: ClaimColumn.kind) {
      let key = ClaimKey(
        lane: Int32(truncatingIfNeeded: rows.integer(row: row, column: ClaimColumn.lane) ?? 0),
        seq: rows.integer(row: row, column: ClaimColumn.id) ?? 0)
      claims.append((key, start..<row))
      start = row + 1
    }
    self.claims = claims
  }

  package var jobs: Int { claims.reduce(0) { $0 + $1.range.count } }
}

/// The columns that a worker asks `claim_rows` for. What is as it mostly is stays away, because each value
/// costs the server as much as a fifth of reading the row.
package enum ClaimColumn {
  /// As they stand in a select list.
  package static let list = """
    case when kind is null then lane end, id, nullif(attempt, 1::smallint), \
    nullif(crashes, 0::smallint), kind, payload, enqueued_at, meta
    """
  /// Null but for the row that names a claim.
  static let lane = 0
  /// A claim's number in the row that names it.
  static let id = 1
  /// Null: 1.
  static let attempt = 2
  /// Null: 0.
  static let crashes = 3
  static let kind = 4
  package static let payload = 5
  static let enqueuedAt = 6
  static let meta = 7
}
