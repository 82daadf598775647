import ArgumentParser
import Foundation
import JobQueue
import PayloadEncryption
import QueueWeb

/// `ong keys …`: the keys that payloads are encrypted with.
struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make keys for payloads; see which are in use; encrypt anew under the current one.",
    discussion: """
      The keys are those of \(PayloadKeys.variable), as NAME:BASE64,NAME:BASE64; the first is the \
      current one. No command prints a key that is configured.
      """,
    subcommands: [List.self, New.self, Reencrypt.self], defaultSubcommand: List.self)

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "new", abstract: "Print a new random key as an entry of the list of keys.")
    @Argument(help: "The key's name, 1 to 64 bytes. Default: the date.") var name: String?

    func run() throws {
      let name = name ?? TimeText.stamp(Date()).prefix(10).description
      let known = try PayloadKeys.fromEnvironment()?.names ?? []
      guard !known.contains(name) else {
        throw CommandFailure(
          .refused, "\(PayloadKeys.variable) has a key named \(name) already",
          advice: "choose another name: ong keys new NAME")
      }
      let entry = EncryptionKeys.newEntry(named: name)
      _ = try PayloadKeys.keys(entry)
      Terminal.printLines([entry])
      Terminal.say(
        """
        Keep it where secrets are kept. Append it to \(PayloadKeys.variable) of every program \
        (OLD,NEW), then put it first everywhere (NEW,OLD), then run 'ong keys reencrypt'.
        """)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls",
      abstract: "List the keys that payloads are encrypted with which are still to be run.",
      discussion: "A key that is not listed is needed by no job: it may be taken away.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let keys = try PayloadKeys.fromEnvironment()
      let uses = try await options.database.withQueue(cipher: keys) {
        try await $0.encryptionKeys()
      }
      try options.show(uses, empty: "No payload is encrypted.") { .keys($0, keys) }
      let unused = Set(keys?.names ?? []).subtracting(uses.map(\.key) + [keys?.currentKey ?? ""])
      for name in unused.sorted() { Terminal.say("The key \(name) is not in use any more.") }
    }
  }

  struct Reencrypt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reencrypt",
      abstract: "Encrypt all that is still to be run under the current key.",
      discussion: """
        Workers may go on meanwhile. It may be interrupted and run again. Exit code 1: payloads are \
        left under other keys, because they run, came meanwhile, or can't be opened.
        """)
    @OptionGroup var options: ReadingOptions

    private static let passes = 3

    func run() async throws {
      guard let keys = try PayloadKeys.fromEnvironment() else {
        throw CommandFailure(
          .usage, "there are no keys", advice: "set \(PayloadKeys.variable), see 'ong keys new'")
      }
      let report = try await options.database.withQueue(cipher: keys) { queue in
        var report = Report()
        for _ in 1...Self.passes {
          let before = report.changed
          let done = try await queue.reencrypt { done in
            Terminal.say(
              "\(before + done.changed) re-encrypted, \(done.moved) moved on,"
                + " \(done.failed.values.reduce(0, +)) can't be opened")
          }
          report.changed += done.changed
          report.failed = done.failed
          if done.moved == 0 { break }
        }
        report.left = try await queue.encryptionKeys().filter { $0.key != keys.currentKey }
        return report
      }
      try show(report, keys)
      let left = report.left.map(\.total).reduce(0, +)
      if left > 0 {
        throw CommandFailure(
          .failure, "\(left) payloads are left under other keys",
          advice: report.failed.isEmpty
            ? "run it again when the jobs have run" : "add the missing keys, or discard the jobs")
      }
    }

    private func show(_ report: Report, _ keys: EncryptionKeys) throws {
      if options.json { return try Terminal.printLines([JSONNotation.text(report)]) }
      for (reason, count) in report.failed.sorted(by: { $0.key < $1.key }) {
        Terminal.say("\(count): \(reason)")
      }
      Terminal.printLines(["\(report.changed) payloads are now under the key \(keys.currentKey)"])
      if !report.left.isEmpty { Terminal.printTable(.keys(report.left, keys)) }
    }

    private struct Report: Encodable {
      var changed = 0
      /// Payloads that could not be opened, by the reason.
      var failed: [String: Int] = [:]
      /// What is under other keys than the current one.
      var left: [EncryptionKeyUse] = []
    }
  }
}

extension Table {
  /// `ong keys ls`.
  fileprivate static func keys(_ uses: [EncryptionKeyUse], _ keys: EncryptionKeys?) -> Table {
    func count(_ use: EncryptionKeyUse, _ places: PayloadPlace...) -> String {
      "\(places.reduce(0) { $0 + (use.payloads[$1] ?? 0) })"
    }
    func standing(_ name: String) -> String {
      if name == keys?.currentKey { return "current" }
      return keys?.names.contains(name) == true ? "configured" : "missing"
    }
    return Table(
      columns: [
        .init(title: "KEY", minimumWidth: 8), .init(title: "STATE"),
        .init(title: "KIND", minimumWidth: 10),
        .init(title: "WAITING", alignment: .right), .init(title: "RUNNING", alignment: .right),
        .init(title: "DEFERRED", alignment: .right), .init(title: "PARKED", alignment: .right),
        .init(title: "DEAD", alignment: .right),
        .init(title: "PLANNED", alignment: .right, expendability: 1),
        .init(title: "UNOPENED", alignment: .right),
      ],
      rows: uses.map {
        [
          $0.key, standing($0.key), $0.kind, count($0, .waiting), count($0, .running),
          count($0, .scheduled, .retrying, .snoozed), count($0, .parked), count($0, .dead),
          count($0, .step, .schedule), "\($0.unopened)",
        ]
      })
  }
}
