import ArgumentParser
import Foundation
import JobQueue

/// `ong kinds …`: kinds of job whose handlers took workers down.
struct KindsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kinds",
    abstract: "Look at kinds that crashed workers; put them into quarantine and release them.",
    subcommands: [List.self, Quarantine.self, Release.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List kinds with crashes or in quarantine.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let kinds = try await options.database.withQueue { try await $0.kinds() }
      try options.show(kinds, empty: "No kind has crashed a worker lately.") {
        .kinds($0, now: Date())
      }
    }
  }

  struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "quarantine",
      abstract: "Park the jobs of a kind from now on; running ones go on.")
    @Argument(help: "The kind as it is stored, with its version.") var kind: String
    @Option(help: "Why, for those who look later.") var reason = "by an operator"
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withQueue { try await $0.quarantineKind(kind, reason: reason) }
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "release", abstract: "End a quarantine: the kind's parked jobs run again.")
    @Argument(help: "The kind as it is stored, with its version.") var kind: String
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      guard try await database.withQueue({ try await $0.releaseKind(kind) }) else {
        throw CommandFailure(
          .refused, "the kind \(kind) is not in quarantine", advice: "see 'ong kinds ls'")
      }
    }
  }
}

extension Table {
  /// `ong kinds ls`.
  fileprivate static func kinds(_ kinds: [KindStatus], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "KIND", minimumWidth: 10), .init(title: "CRASHES", alignment: .right),
        .init(title: "JOBS", alignment: .right, expendability: 1),
        .init(title: "LAST", alignment: .right), .init(title: "QUARANTINE"),
        .init(title: "PARKED", alignment: .right),
        .init(title: "REASON", minimumWidth: 10, expendability: 2),
      ],
      rows: kinds.map { kind in
        [
          kind.kind, "\(kind.crashes)", "\(kind.jobs)",
          kind.lastCrash.map { DurationText.between($0, and: now) + " ago" } ?? "–",
          kind.quarantinedAt.map { "for " + DurationText.between($0, and: now) } ?? "no",
          "\(kind.parked)", kind.reason ?? kind.lastDetail ?? "",
        ]
      })
  }
}
