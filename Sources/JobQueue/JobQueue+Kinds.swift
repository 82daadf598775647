public import Foundation
import LibpqClient

/// A kind whose jobs have ended the processes that ran them, or that is quarantined.
public struct KindStatus: Sendable, Hashable, Codable {
  public var kind: String
  /// Crashes within the setting `quarantine_window` of which the culprit is known.
  public var crashes: Int
  /// Of how many jobs.
  public var jobs: Int
  public var lastCrash: Date?
  /// How the process ended.
  public var lastDetail: String?
  /// Since when its jobs are parked; nil: they are not.
  public var quarantinedAt: Date?
  public var reason: String?
  public var parked: Int
}

/// Poison: see docs/features/poison.md.
extension JobQueue {
  /// Kinds that have crashed lately or are quarantined.
  public func kinds() async throws -> [KindStatus] {
    try await run("select * from \(sql("kind_status"))()").map { row in
      KindStatus(
        kind: try row["kind"].decode(), crashes: try row["crashes"].decode(),
        jobs: try row["jobs"].decode(), lastCrash: try row["last_crash_at"].decode(),
        lastDetail: try row["last_detail"].decode(),
        quarantinedAt: try row["quarantined_at"].decode(), reason: try row["reason"].decode(),
        parked: try row["parked"].decode())
    }
  }

  /// Has the jobs of a kind parked from now on; those that run go on.
  ///
  /// - Parameter kind: as it is stored, with its version.
  public func quarantineKind(_ kind: String, reason: String = "by an operator") async throws {
    _ = try await run("select \(sql("quarantine_kind"))($1, $2)", [kind, reason])
  }

  /// Ends a quarantine: parked jobs of the kind run again, its crashes are forgotten.
  ///
  /// - Returns: whether the kind was quarantined.
  @discardableResult
  public func releaseKind(_ kind: String) async throws -> Bool {
    try await run("select \(sql("release_kind"))($1)", [kind])[0, 0].decode(Bool.self)
  }
}
