import Foundation
import JobQueue

/// `ong jobs show`: what a job is, where it stands, and all that happened to it in order of time.
enum StoryText {
  static func lines(_ story: JobStory, now: Date) -> [String] {
    facts(story, now: now) + ["", "What happened"]
      + moments(story).sorted { $0.at < $1.at }.map { moment in
        "  \(TimeText.stamp(moment.at))  \(moment.text.printable())"
      }
  }

  private static func facts(_ story: JobStory, now: Date) -> [String] {
    var facts = FactList()
    facts.add("job", story.id)
    facts.add("state", standing(story, now: now))
    facts.add("kind", story.kind)
    facts.add("queue", story.queue)
    facts.add("priority", story.priority?.description)
    facts.add("attempt", story.attempt)
    facts.add("crashes", crashes(story))
    facts.add("quarantine", story.quarantined)
    facts.add("enqueued", story.enqueuedAt.map { TimeText.moment($0, now: now) })
    facts.add("runs", story.runAt.map { TimeText.moment($0, now: now) })
    facts.add("key", story.key)
    facts.add("key runs", story.keyRunning.map(list))
    facts.add("unique key", story.uniqueKey.map { $0 + holding(story.unique, now: now) })
    facts.add("limits of its queue", story.limits.map(QueueLimitsText.line))
    facts.add("workflow", story.workflow.map(text))
    facts.add("schedule", story.schedule.map { text($0, now: now) })
    facts.add("progress", story.progress.map { text($0, now: now) })
    facts.add(
      "checkpoint",
      story.checkpoint.map { "of attempt \($0.attempt), \(TimeText.moment($0.at, now: now))" })
    facts.add("error", story.error)
    facts.add("result", RawJSON.member("result", of: story.json))
    facts.add("payload", RawJSON.member("payload", of: story.json))
    facts.add("meta", RawJSON.member("meta", of: story.json))
    return facts.lines
  }

  /// The state, and what the job waits for or what can be done about it.
  private static func standing(_ story: JobStory, now: Date) -> String {
    let meaning: String? =
      switch story.state {
      case .waiting:
        story.waitsBehind.map { $0 == 0 ? "next of its band" : "behind \($0) of its band" }
      case .running: story.claims.last.map { "for \(DurationText.between($0.at, and: now))" }
      case .scheduled, .retrying, .snoozed:
        story.runAt.map { "until \(TimeText.stamp($0))" }
      case .parked:
        story.quarantined == nil ? "no living worker knows its kind" : "its kind is quarantined"
      case .dead: "out of attempts; 'ong jobs retry \(story.id)' or 'ong jobs discard \(story.id)'"
      case .succeeded, .cancelled, .discarded, .expired: nil
      }
    return story.state.rawValue + (meaning.map { ": " + $0 } ?? "")
  }

  private typealias Moment = (at: Date, text: String)

  private static func moments(_ story: JobStory) -> [Moment] {
    let enqueued = story.enqueuedAt.map { [(at: $0, text: "enqueued")] } ?? []
    return enqueued + story.claims.flatMap(moments) + story.events.map(moment)
  }

  private static func moments(_ claim: JobStory.Claim) -> [Moment] {
    let place = [claim.host, claim.processID.map { "pid \($0)" }].compactMap { $0 }
    let worker =
      "worker \(shortName(claim.worker))"
      + (place.isEmpty ? "" : " (\(place.joined(separator: ", ")))")
    let taken = (at: claim.at, text: "attempt \(claim.attempt) taken by \(worker)")
    guard let settled = claim.settledAt else { return [taken] }
    let span = DurationText.between(claim.at, and: settled)
    return [taken, (at: settled, text: "attempt \(claim.attempt) settled after \(span)")]
  }

  private static func moment(_ event: JobStory.Event) -> Moment {
    var text = event.event.replacing("_", with: " ")
    text += event.attempt > 0 ? " (attempt \(event.attempt))" : ""
    if let actor = event.actor { text += " by \(actor)" }
    if let detail = event.detail { text += ": \(detail)" }
    return (at: event.at, text: text)
  }

  private static func shortName(_ epoch: UUID) -> String {
    String(epoch.uuidString.lowercased().prefix(8))
  }
}
