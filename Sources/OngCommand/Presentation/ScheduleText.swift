import Foundation
import JobQueue

/// `ong schedules show`
enum ScheduleText {
  static func lines(_ schedule: ScheduleStatus, now: Date) -> [String] {
    var facts = FactList()
    facts.add("schedule", schedule.name)
    facts.add("cron", schedule.cron)
    facts.add("time zone", schedule.timeZone)
    facts.add(
      "state",
      schedule.pausedAt.map { "paused since " + TimeText.moment($0, now: now) } ?? "active")
    facts.add("next tick", schedule.nextTick.map { TimeText.moment($0, now: now) })
    facts.add("buffered tick", schedule.bufferedTick.map { TimeText.moment($0, now: now) })
    facts.add("last tick", schedule.lastTick.map { TimeText.moment($0, now: now) })
    facts.add("last job", schedule.lastJob)
    facts.add("enqueues", "\(schedule.kind) in \(schedule.queue), \(schedule.priority)")
    facts.add("payload", schedule.payload)
    facts.add("clock jumps over", schedule.skippedTimes.rawValue)
    facts.add("clock shows twice", schedule.repeatedTimes.rawValue)
    facts.add("missed ticks", schedule.catchUp.text)
    facts.add("overlap", schedule.overlap.rawValue)
    facts.add("jitter", schedule.jitter == .zero ? nil : DurationText.short(schedule.jitter))
    facts.add("declared", schedule.declaredAt.map { TimeText.moment($0, now: now) })
    facts.add("fired", schedule.fired)
    facts.add("dropped for overlap", schedule.overlapped)
    facts.add("error", schedule.error)
    return facts.lines
  }
}

extension CatchUp {
  /// `latest within 1d 0h`
  fileprivate var text: String {
    switch self {
    case .none: "none"
    case .latest(let window): "latest within \(DurationText.short(window))"
    case .all(let window): "all within \(DurationText.short(window))"
    }
  }
}

extension Table {
  /// `ong schedules ls`.
  static func schedules(_ schedules: [ScheduleStatus], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "NAME", minimumWidth: 8),
        .init(title: "CRON", minimumWidth: 9),
        .init(title: "ZONE", expendability: 2),
        .init(title: "STATE"),
        .init(title: "NEXT IN", alignment: .right),
        .init(title: "LAST", alignment: .right, expendability: 1),
        .init(title: "KIND", minimumWidth: 10, expendability: 3),
        .init(title: "ERROR", minimumWidth: 10, expendability: 4),
      ],
      rows: schedules.map { schedule in
        [
          schedule.name, schedule.cron, schedule.timeZone, schedule.isPaused ? "paused" : "active",
          DurationText.between(now, and: schedule.nextTick),
          schedule.lastTick.map { DurationText.between($0, and: now) + " ago" } ?? "–",
          schedule.kind, schedule.error ?? "",
        ]
      })
  }

  /// `ong schedules preview`.
  static func ticks(_ ticks: [ScheduleTick]) -> Table {
    Table(
      columns: [
        .init(title: "LOCAL"), .init(title: "OFFSET", alignment: .right),
        .init(title: "UTC", expendability: 1), .init(title: "NOTE", minimumWidth: 10),
      ],
      rows: ticks.map { tick in
        [
          tick.local, offset(tick.utcOffset), TimeText.stamp(tick.at, timeZone: .gmt),
          tick.note ?? "",
        ]
      })
  }

  /// `+10:30`
  private static func offset(_ seconds: Int) -> String {
    let minutes = abs(seconds) / 60
    return (seconds < 0 ? "-" : "+") + String(format: "%02d:%02d", minutes / 60, minutes % 60)
  }
}
