import Foundation
import LibpqClient

/// Why a job does not run: one reason, the first that stops it.
public struct JobExplanation: Sendable, Hashable {
  /// A word for programs: `running`; `succeeded`, `dead`, `discarded`, `cancelled`, `expired` (it has
  /// ended); `scheduled`, `retrying`, `snoozed`; `quarantined`, `unknown_kind`, `no_worker`, `paused`;
  /// `behind_key`, `key_limit`, `key_rate`, `running_limit`, `rate_limit`; `waits_for`,
  /// `waits_for_signal` (a step of a workflow); `backlog`; `next`.
  public var reason: String
  /// A sentence for people.
  public var text: String
  /// The whole answer with the facts behind it, such as the holders of a limit.
  public var json: String
}

extension JobQueue {
  /// Why a job does not run; nil when the job is not known. Needs the rights of a reader.
  public func explain(_ id: Int64) async throws -> JobExplanation? {
    try await explanation("select \(sql("explain_job"))($1)", [id])
  }

  /// Why a step of a workflow does not run; nil when there is no such step.
  public func explainStep(_ step: String, of workflow: Int64) async throws -> JobExplanation? {
    try await explanation("select \(sql("explain_step"))($1, $2)", [workflow, step])
  }

  private func explanation(
    _ statement: String, _ parameters: [any SQLParameter]
  ) async throws -> JobExplanation? {
    guard let json = try await run(statement, parameters)[0, 0].decode(JSONText?.self)?.text else {
      return nil
    }
    let told = try PayloadCoding.decode(Told.self, from: Data(json.utf8))
    return JobExplanation(reason: told.reason, text: told.text, json: json)
  }

  private struct Told: Decodable {
    var reason: String
    var text: String
  }
}
