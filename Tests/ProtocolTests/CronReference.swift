import JobQueueTesting

/// What a cron expression means, the slow way: by looking at a local clock step by step.
struct CronPattern {
  struct Field {
    let text: String
    let values: Set<Int>
    var isStar: Bool { text.hasPrefix("*") }
  }

  let minute: Field
  let hour: Field
  let day: Field
  let month: Field
  let weekday: Field

  var text: String { [minute, hour, day, month, weekday].map(\.text).joined(separator: " ") }

  /// Whether the pattern fits a local time in seconds since 1970.
  func fits(_ local: Int64) -> Bool {
    let second = Int(local - local.floored(to: 86400) * 86400)
    guard second % 60 == 0, minute.values.contains(second / 60 % 60),
      hour.values.contains(second / 3600)
    else { return false }
    let date = CivilDate(day: Int(local.floored(to: 86400)))
    guard month.values.contains(date.month) else { return false }
    let byDay =
      day.values.contains(date.day) || (day.values.contains(0) && date.day == date.lengthOfMonth)
    let byWeekday = weekday.values.contains(date.weekday)
    return day.isStar || weekday.isStar ? byDay && byWeekday : byDay || byWeekday
  }

  /// The ticks among moments `step` seconds apart, `locals[n]` being what the clock shows at the n-th.
  func ticks(_ locals: [Int64], step: Int64, runsAfter: Bool, runsBoth: Bool) -> [Int] {
    var latest = locals[0]
    return (1..<locals.count).filter { place in
      let (before, now) = (locals[place - 1], locals[place])
      defer { latest = max(latest, now) }
      if fits(now) && (runsBoth || now > latest) { return true }
      let isJump = now > before + step
      return isJump && runsAfter
        && stride(from: before + step, to: now, by: 30).contains { fits($0) && $0 > latest }
    }
  }
}

extension CronPattern {
  /// A pattern that has something to do in most days.
  static func random(_ random: inout SeededGenerator, days: ClosedRange<Int>) -> CronPattern {
    let day = Int.random(in: days, using: &random)
    return CronPattern(
      minute: pick(
        [
          ("*", 0...59, 1), ("*/15", 0...59, 15), ("*/20", 0...59, 20), ("30", 30...30, 1),
          ("0", 0...0, 1), ("10-50/20", 10...50, 20), ("45", 45...45, 1),
        ], &random),
      hour: pick(
        [
          ("*", 0...23, 1), ("*/2", 0...23, 2), ("2", 2...2, 1), ("1", 1...1, 1), ("0-3", 0...3, 1),
          ("0", 0...0, 1), ("1-23/11", 1...23, 11),
        ], &random),
      day: pick(
        [
          ("*", 1...31, 1), ("*", 1...31, 1), ("*/2", 1...31, 2), ("\(day)", day...day, 1),
          ("L", 0...0, 1),
        ], &random),
      month: pick([("*", 1...12, 1), ("*", 1...12, 1), ("jan-oct/3", 1...10, 3)], &random),
      weekday: pick(
        [
          ("*", 0...6, 1), ("*", 0...6, 1), ("sat,sun", 0...6, 6), ("1-5", 1...5, 1),
          ("7", 0...0, 1),
          ("*/2", 0...6, 2),
        ], &random))
  }

  private static func pick(
    _ choices: [(String, ClosedRange<Int>, Int)], _ random: inout SeededGenerator
  ) -> Field {
    let (text, range, step) = choices.randomElement(using: &random)!
    return Field(
      text: text, values: Set(stride(from: range.lowerBound, through: range.upperBound, by: step)))
  }
}

/// A day of the Gregorian calendar, counted from 1970.
private struct CivilDate {
  let month: Int
  let day: Int
  let weekday: Int
  let lengthOfMonth: Int

  init(day number: Int) {
    var year = 1970
    var left = number
    func length(_ year: Int) -> Int { Self.isLeap(year) ? 366 : 365 }
    while left < 0 {
      year -= 1
      left += length(year)
    }
    while left >= length(year) {
      left -= length(year)
      year += 1
    }
    let lengths = [31, Self.isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while left >= lengths[month] {
      left -= lengths[month]
      month += 1
    }
    self.month = month + 1
    day = left + 1
    lengthOfMonth = lengths[month]
    weekday = ((number + 4) % 7 + 7) % 7
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }
}

extension Int64 {
  /// Whole units, downwards also below zero.
  fileprivate func floored(to unit: Int64) -> Int64 {
    self >= 0 ? self / unit : -((-self + unit - 1) / unit)
  }
}
