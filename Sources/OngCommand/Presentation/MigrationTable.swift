import QueueSchema

/// One step of a schema, as `ong migrate status` shows it.
struct MigrationRow: Encodable {
  var set: String
  var step: String
  /// The database's own notation; nil while it is pending.
  var appliedAt: String?
  var state: String

  static func rows(of set: SchemaSet, _ status: Migrator.Status) -> [MigrationRow] {
    let steps = status.steps.map { step in
      MigrationRow(
        set: set.rawValue, step: "\(step.version) \(step.name)", appliedAt: step.appliedAt,
        state: step.version > status.required
          ? "unknown to this program" : step.appliedAt == nil ? "pending" : "applied")
    }
    let functions = MigrationRow(
      set: set.rawValue, step: "functions",
      state: status.functionsAreCurrent ? "current" : "differ")
    return steps + [functions]
  }
}

extension Table {
  /// `ong migrate status`.
  static func migrations(_ rows: [MigrationRow]) -> Table {
    Table(
      columns: [
        .init(title: "SCHEMA"), .init(title: "STEP", minimumWidth: 16), .init(title: "STATE"),
        .init(title: "APPLIED", minimumWidth: 19, expendability: 1),
      ],
      rows: rows.map { [$0.set, $0.step, $0.state, $0.appliedAt ?? ""] })
  }
}
