public import Foundation
import LibpqClient

/// One schedule as `ong schedules ls` shows it, with `--json` with its spans in seconds.
public struct ScheduleStatus: Sendable, Hashable, Encodable {
  public var name: String
  public var cron: String
  public var timeZone: String
  public var skippedTimes: SkippedTimes
  public var repeatedTimes: RepeatedTimes
  public var queue: String
  public var kind: String
  /// The payload's JSON.
  public var payload: String
  public var priority: JobPriority
  private let catchUpPolicy: String
  private let catchUpSeconds: Double
  public var overlap: ScheduleOverlap
  private let jitterSeconds: Double
  /// When a program last declared it in this form; nil: it was made at run time.
  public var declaredAt: Date?
  /// Since when no tick fires; nil: not paused.
  public var pausedAt: Date?
  /// The first tick that nothing was decided about; nil: none within 12 years.
  public var nextTick: Date?
  /// A tick that waits for the end of the running job.
  public var bufferedTick: Date?
  /// The newest tick that became a job.
  public var lastTick: Date?
  public var lastJob: Int64?
  public var lastFiredAt: Date?
  /// Jobs so far, those of `runScheduleNow` included.
  public var fired: Int
  /// Ticks that were dropped because an earlier job had not ended.
  public var overlapped: Int
  /// Its jobs that have not ended; not counted where they may overlap.
  public var running: Int
  /// The last ticks that were given up because nobody could fire in time: from this one …
  public var missedFrom: Date?
  /// … up to this time.
  public var missedBefore: Date?
  /// Why firing fails; it is tried again every 10 s, and the tick is kept.
  public var error: String?
  public var errorAt: Date?

  public var isPaused: Bool { pausedAt != nil }
  public var catchUp: CatchUp {
    CatchUp(word: catchUpPolicy, window: .seconds(catchUpSeconds)) ?? .none
  }
  public var jitter: Duration { .seconds(jitterSeconds) }
}

/// One tick of a preview.
public struct ScheduleTick: Sendable, Hashable, Codable {
  public var at: Date
  /// What the zone's clock shows then, as `2026-03-08 03:00:00`.
  public var local: String
  /// How far that clock is ahead of UTC, in seconds.
  public var utcOffset: Int
  /// What is special: a change of the clock before this tick, or a local time that comes twice.
  public var note: String?
}

/// A change of a zone's clock.
public struct ClockChange: Sendable, Hashable, Codable {
  public var at: Date
  /// What the clock would show without the change, as `2026-03-08 02:00:00`.
  public var localBefore: String
  public var localAfter: String
}

extension ScheduleStatus {
  init(_ row: SQLRow) throws {
    name = try row["name"].decode()
    cron = try row["cron"].decode()
    timeZone = try row["time_zone"].decode()
    skippedTimes = try row["skipped"].decodeName(SkippedTimes.self)
    repeatedTimes = try row["repeated"].decodeName(RepeatedTimes.self)
    queue = try row["queue"].decode()
    kind = try row["kind"].decode()
    payload = try row["payload"].decode(JSONText.self).text
    priority = try JobPriority(row["priority"])
    catchUpPolicy = try row["catch_up"].decode()
    catchUpSeconds = try row["window_seconds"].decode()
    guard CatchUp(word: catchUpPolicy, window: .zero) != nil else {
      throw DatabaseError.decoding("expected a catch-up policy, got: \(catchUpPolicy)")
    }
    overlap = try row["overlap"].decodeName(ScheduleOverlap.self)
    jitterSeconds = try row["jitter_seconds"].decode()
    declaredAt = try row["declared_at"].decode()
    pausedAt = try row["paused_at"].decode()
    nextTick = try row["next_tick"].decode()
    bufferedTick = try row["buffered_tick"].decode()
    lastTick = try row["last_tick"].decode()
    lastJob = try row["last_job"].decode()
    lastFiredAt = try row["last_fired_at"].decode()
    fired = try row["fired"].decode()
    overlapped = try row["overlapped"].decode()
    running = try row["running"].decode()
    missedFrom = try row["missed_from"].decode()
    missedBefore = try row["missed_before"].decode()
    error = try row["error"].decode()
    errorAt = try row["error_at"].decode()
  }
}

extension ScheduleTick {
  static func query(_ call: String) -> String {
    "select tick, local_time::text, date_part('epoch', utc_offset)::bigint, note from \(call)"
  }

  init(_ row: SQLRow) throws {
    at = try row[0].decode()
    local = try row[1].decode()
    utcOffset = try row[2].decode()
    note = try row[3].decode()
  }
}
