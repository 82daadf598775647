import Foundation
import JobQueue

/// What only some jobs have.
extension StoryText {
  /// Nothing where it took part in none.
  static func crashes(_ story: JobStory) -> String? {
    guard let crashes = story.crashes, crashes > 0 else { return nil }
    switch story.state {
    case .dead, .succeeded, .cancelled, .discarded, .expired: return "\(crashes)"
    default: return "\(crashes): a suspect, which runs alone"
    }
  }

  /// Nothing where the key is no longer held.
  static func holding(_ unique: JobStory.Uniqueness?, now: Date) -> String {
    guard let unique else { return "" }
    let end = unique.heldUntil.map { "held until " + TimeText.moment($0, now: now) }
    let replaced = unique.replaced > 0 ? ", replaced \(unique.replaced) times" : ""
    return " (" + (end ?? "held while \(unique.scope == "settled" ? "not settled" : unique.scope)")
      + replaced + ")"
  }

  static func text(_ place: WorkflowPlace) -> String {
    var text = "\(place.id) \(place.name), \(place.state.rawValue): step \(place.step)"
    if !place.waitsFor.isEmpty { text += ", waits for \(place.waitsFor.joined(separator: ", "))" }
    if !place.neededBy.isEmpty { text += ", needed by \(place.neededBy.joined(separator: ", "))" }
    return text
  }

  static func text(_ schedule: JobStory.FiredBy, now: Date) -> String {
    schedule.name
      + (schedule.tick.map { ", tick " + TimeText.moment($0, now: now) } ?? ", run by hand")
  }

  static func text(_ progress: JobStory.Progress, now: Date) -> String {
    let share = progress.fraction.map { "\(Int(($0 * 100).rounded(.down))) %" }
    return [
      share, progress.note, "attempt \(progress.attempt)", TimeText.moment(progress.at, now: now),
    ]
    .compactMap { $0 }.joined(separator: ", ")
  }

  static func list(_ ids: [Int64]) -> String {
    ids.map { "\($0)" }.joined(separator: ", ")
  }
}
