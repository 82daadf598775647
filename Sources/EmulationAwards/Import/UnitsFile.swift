/// `units.csv`: the members of the bloc and who is not ranked.
struct UnitsFile {
  private let table: SampleTable

  init(text: String) throws(SampleDamage) {
    table = try SampleTable(
      file: "units.csv", text: text, required: ["unit", "name", "from", "through"])
  }

  func read() throws -> (memberships: [Membership], exclusions: [Exclusion]) {
    try table.refuseRepeated("unit")
    let lines = try table.rows.mapCollectingDamage { row throws(SampleDamage) in
      (try Self.membership(row), try Self.exclusion(row))
    }
    return (lines.map(\.0), lines.compactMap(\.1))
  }

  private static func membership(_ row: SampleTable.Row) throws(SampleDamage) -> Membership {
    let from = try row.day("from")
    let through = row.optional("through").isEmpty ? nil : try row.day("through")
    if let through, through < from {
      throw row.damage("through", "expected a day from \(from.iso) on, got: \(through.iso)")
    }
    let unit = EmulationUnit(code: try row.code("unit"), name: try row.both("name", "english"))
    return Membership(unit: unit, from: from, through: through)
  }

  private static func exclusion(_ row: SampleTable.Row) throws(SampleDamage) -> Exclusion? {
    if row.optional("exclusion").isEmpty { return nil }
    return Exclusion(
      unit: try row.code("unit"), reason: try row.both("exclusion", "exclusion_english"))
  }
}

extension SampleTable {
  func refuseRepeated(_ column: String) throws(SampleDamage) {
    var seen: Set<String> = []
    for row in rows where !seen.insert(row.optional(column)).inserted {
      throw row.damage(column, "\(row.optional(column)) stands there twice")
    }
  }
}
