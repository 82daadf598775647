import Foundation

/// `recipients.csv`: who is told of the decision.
struct RecipientsFile {
  private let table: SampleTable

  init(text: String) throws(SampleDamage) {
    table = try SampleTable(
      file: "recipients.csv", text: text, required: ["recipient", "unit", "name", "email"])
  }

  func read() throws -> (RecipientList) {
    try table.refuseRepeated("recipient")
    let recipients = try table.rows.mapCollectingDamage { row throws(SampleDamage) in
      Recipient(
        code: try row.code("recipient"),
        unit: row.optional("unit").isEmpty ? nil : try row.code("unit"),
        name: try row.text("name"), email: try Self.email(row))
    }
    return RecipientList(recipients: recipients, table: table)
  }

  /// A sane address; nothing in it can end a header line.
  private static func email(_ row: SampleTable.Row) throws(SampleDamage) -> String {
    let text = try row.text("email")
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), parts[1].contains("."),
      text.utf8.count <= 254, text.utf8.allSatisfy({ (33...126).contains($0) }),
      !text.contains(where: { "<>()[],;:\\\"".contains($0) })
    else { throw row.damage("email", "expected an e-mail address, got: “\(text.prefix(60))”") }
    return text
  }
}

/// Recipients with their lines, to be compared with the units.
struct RecipientList {
  let recipients: [Recipient]
  let table: SampleTable

  func check(units: Set<String>) throws {
    _ = try zip(recipients, table.rows).mapCollectingDamage { pair throws(SampleDamage) in
      if let unit = pair.0.unit, !units.contains(unit) {
        throw pair.1.damage("unit", "there is no unit \(unit)")
      }
    }
  }
}
