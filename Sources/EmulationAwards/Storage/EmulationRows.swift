import Foundation
import LibpqClient

/// The domain's tables as seen in one open transaction. Reads and writes rows; decides nothing.
struct EmulationRows {
  let connection: Connection

  @discardableResult
  func query(_ sql: String, _ parameters: [any SQLParameter] = []) async throws -> QueryResult {
    try await connection.query(sql, parameters)
  }

  /// Announces changed figures or results when the transaction commits.
  func announceChange(of key: BlocPeriodKey) async throws {
    try await query("select pg_notify($1, $2)", [EmulationStore.changeChannel, key.description])
  }
}

extension SQLRow {
  func localized(_ column: String) throws -> LocalizedText {
    LocalizedText(
      vi: try self["\(column)_vi"].decode(String.self),
      en: try self["\(column)_en"].decode(String.self))
  }

  /// A day that the query has cast to text.
  func day(_ column: String) throws -> CalendarDay {
    let text = try self[column].decode(String.self)
    guard let day = CalendarDay(iso: text) else { throw UnknownValue(column: column, value: text) }
    return day
  }

  func value<Value: RawRepresentable<String>>(
    _ column: String, _ type: Value.Type = Value.self
  ) throws -> Value {
    let text = try self[column].decode(String.self)
    guard let value = Value(rawValue: text) else {
      throw UnknownValue(column: column, value: text)
    }
    return value
  }
}

/// A stored word that this program does not know: most likely a newer program wrote it.
struct UnknownValue: Error, CustomStringConvertible {
  let column: String
  let value: String

  var description: String { "expected a known value in column \(column), got: \(value)" }
}
