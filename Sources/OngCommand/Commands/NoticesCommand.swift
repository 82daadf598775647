import ArgumentParser
import EmulationAwards
import Foundation
import JobQueue

/// `ong notices …`: the e-mails about decisions, and those that wait for an operator's word.
struct NoticesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notices",
    abstract: "Look at award notices; settle those whose delivery is in doubt.",
    subcommands: [List.self, Settle.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List notices, those of the newest period first.")
    @Option(name: .shortAndLong, help: "Only in this state.") var state: NoticeState?
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let notices = try await options.database.withStore { store in
        var notices: [Notice] = []
        for period in try await store.blocPeriods() {
          notices += try await store.notices(of: period.key)
        }
        return notices.filter { state == nil || $0.state == state }
      }
      try options.show(notices, empty: "No notice matches.") { .noticesInDoubt($0) }
    }
  }

  struct Settle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "settle",
      abstract: "Decide about notices that are unknown or failed.",
      discussion: """
        A notice becomes unknown when the delivery was cut off after the message may have gone out. \
        Look into the mail server's log for its Message-ID, then say '--as sent' or '--as again'.
        """)
    @Argument(help: "The notices' ids.") var ids: [Int64]
    @Option(
      name: .customLong("as"),
      help: "sent: it arrived, never send it again. again: it did not, send it once more.")
    var verdict: NoticeVerdict
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      try await database.withStore { store in
        for id in ids {
          try await store.settleNotice(id, as: verdict)
          Terminal.printLines(["\(id)  \(verdict == .sent ? "counts as sent" : "will be sent")"])
        }
      }
    }
  }
}

extension DatabaseOptions {
  /// Runs `body` with the domain's store over an existing database.
  func withStore<Result>(_ body: (EmulationStore) async throws -> Result) async throws -> Result {
    try await withPool { pool in
      try await body(EmulationStore(pool: pool, queue: JobQueue(pool: pool, schema: schema)))
    }
  }
}

extension Table {
  /// `ong notices ls`: what an operator needs to settle them.
  fileprivate static func noticesInDoubt(_ notices: [Notice]) -> Table {
    Table(
      columns: [
        .init(title: "ID", alignment: .right),
        .init(title: "STATE"),
        .init(title: "RECIPIENT", minimumWidth: 8),
        .init(title: "ADDRESS", minimumWidth: 12, expendability: 2),
        .init(title: "PURPOSE", expendability: 3),
        .init(title: "ATTEMPTS", alignment: .right, expendability: 1),
        .init(title: "TROUBLE", minimumWidth: 16, expendability: 4),
      ],
      rows: notices.map {
        [
          "\($0.id)", $0.state.rawValue, $0.recipient.code, $0.recipient.email,
          $0.purpose.rawValue, "\($0.attempts)", $0.trouble ?? "",
        ]
      })
  }
}
