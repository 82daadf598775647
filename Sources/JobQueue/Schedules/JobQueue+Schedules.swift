public import Foundation
public import LibpqClient

/// Schedules at run time. Changes are seen by the leading worker at once.
extension JobQueue {
  /// Makes a schedule, or changes the one of this name. A pause stays, and the next tick stays unless
  /// the expression, the zone or a rule for the clock's changes has changed.
  ///
  /// - Parameter connection: the caller's connection with its open transaction.
  /// - Throws: `JobQueueError`: `.badArgument` naming the field of the expression that is wrong,
  ///   `.unknownQueue`, `.payloadTooLarge`.
  public func putSchedule(_ schedule: Schedule, in connection: Connection? = nil) async throws {
    let (statement, parameters) = try schedule.put(sql: sql, cipher: cipher, declared: false)
    _ = try await run(statement, parameters, in: connection)
  }

  /// No tick of the schedule fires until `resumeSchedule`; a buffered one is dropped. Jobs go on.
  public func pauseSchedule(_ name: String) async throws {
    _ = try await run("select \(sql("pause_schedule"))($1)", [name])
  }

  /// Goes on with the next tick from now on; those of the pause are not made up for.
  public func resumeSchedule(_ name: String) async throws {
    _ = try await run("select \(sql("resume_schedule"))($1)", [name])
  }

  /// Enqueues the schedule's job at once, paused or not, whatever its overlap policy. Its ticks stay
  /// as they are.
  ///
  /// - Returns: the job's id.
  @discardableResult
  public func runScheduleNow(_ name: String) async throws -> Int64 {
    try await run("select \(sql("run_schedule_now"))($1)", [name])[0, 0].decode(Int64.self)
  }

  /// Forgets a schedule; its jobs go on. One that a program declares comes back at that program's
  /// next start: pause it instead, or take it out of the program first.
  public func deleteSchedule(_ name: String) async throws {
    _ = try await run("select \(sql("delete_schedule"))($1)", [name])
  }

  /// All schedules by name.
  public func schedules() async throws -> [ScheduleStatus] {
    try await run(
      """
      select *, date_part('epoch', catch_up_window) as window_seconds, \
      date_part('epoch', jitter) as jitter_seconds from \(sql("schedule_status"))()
      """
    ).map { try ScheduleStatus($0) }
  }

  /// The next ticks of a schedule, in its local time, with a note where the clock is changed.
  ///
  /// - Parameters:
  ///   - from: ticks after this time; nil: the next ones.
  ///   - count: 1…1000. Default: 10.
  /// - Throws: `JobQueueError` `.jobNotFound` where there is no such schedule.
  public func previewSchedule(_ name: String, from: Date? = nil, count: Int = 10) async throws
    -> [ScheduleTick]
  {
    try await run(
      ScheduleTick.query("\(sql("schedule_preview"))($1, $2, $3::int)"),
      [name, from, Int32(clamping: count)]
    ).map { try ScheduleTick($0) }
  }

  /// The ticks of an expression, before it becomes a schedule. See `previewSchedule`.
  public func previewCron(
    _ cron: String, timeZone: String = "UTC", from: Date? = nil, count: Int = 10,
    skippedTimes: SkippedTimes? = nil, repeatedTimes: RepeatedTimes? = nil
  ) async throws -> [ScheduleTick] {
    try await run(
      ScheduleTick.query(
        "\(sql("cron_preview"))($1, $2, coalesce($3, clock_timestamp()), $4::int, $5, $6)"),
      [
        cron, timeZone, from, Int32(clamping: count), skippedTimes?.rawValue,
        repeatedTimes?.rawValue,
      ]
    ).map { try ScheduleTick($0) }
  }

  /// When the zone's clock is changed next after `from`, within 400 days; nil: it is not.
  public func nextClockChange(timeZone: String, from: Date = Date()) async throws -> ClockChange? {
    try await run(
      """
      select at, local_before::text, local_after::text from \(sql("next_clock_change"))($1, $2)
      """, [timeZone, from]
    ).first.map {
      ClockChange(
        at: try $0[0].decode(), localBefore: try $0[1].decode(), localAfter: try $0[2].decode())
    }
  }
}

extension Schedule {
  /// The call that puts this schedule.
  ///
  /// - Parameter declared: said by a program at its start; see `JobRegistry.schedule`.
  func put(sql: QueueSQL, cipher: (any PayloadCipher)?, declared: Bool) throws -> (
    statement: String, parameters: [any SQLParameter]
  ) {
    let statement = """
      select \(sql("put_schedule"))($1, $2, $3, $4, $5::jsonb, $6, $7::smallint, $8, $9, $10, \
      $11::float8 * interval '1 second', $12, $13::float8 * interval '1 second', $14)
      """
    return (
      statement,
      [
        name, cron, queue, kind, try json(cipher: cipher), timeZone, priority.rawValue,
        skippedTimes?.rawValue,
        repeatedTimes?.rawValue, catchUp.policy.word, catchUp.policy.window.inSeconds,
        overlap.rawValue, jitter.inSeconds, declared,
      ]
    )
  }

  /// Says at a program's start that this schedule is part of it.
  package func declare(
    on connection: Connection, sql: QueueSQL, cipher: (any PayloadCipher)?, timeout: Duration
  ) async throws {
    let (statement, parameters) = try put(sql: sql, cipher: cipher, declared: true)
    try await mappingQueueErrors {
      _ = try await connection.query(statement, parameters, timeout: timeout)
    }
  }
}
