import ArgumentParser
import EmulationAwards
import Foundation

/// `ong accounts …`: who may use the pages.
struct AccountsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts",
    abstract: "Say who may use the pages: officers of units and secretaries of blocs.",
    discussion: """
      While there is no account, the pages are open to whoever reaches them. From the first one \
      on, everything but the ranking is for those who have signed in. A password is read from the \
      terminal, or from the first line of standard input; it is never an argument.
      """,
    subcommands: [
      List.self, AddAccount.self, SetPassword.self, Disable.self, Enable.self, Remove.self,
      Sessions.self, SignOut.self,
    ], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "List accounts, disabled ones too.")
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let accounts = try await options.database.withAccounts { try await $0.accounts() }
      let empty = "There is no account: the pages are open. Make one with 'ong accounts add'."
      try options.show(accounts, empty: empty) { .accounts($0, now: Date()) }
    }
  }

  struct SetPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "password",
      abstract: "Set an account's password, which ends all its sessions.")
    @Argument(help: "The account's name.", transform: AccountArgument.name) var name: String
    @OptionGroup var password: NewPasswordOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func run() async throws {
      let chosen = try password.choose()
      let hash = try await chosen.hash()
      try await database.withAccounts { try await $0.setPassword(of: name, hash: hash) }
      chosen.tell("\(name) has a new password; all its sessions have ended.")
    }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "disable",
      abstract: "Let an account sign in no more, and end its sessions; what it sent stays.")
    @OptionGroup var target: AccountTarget

    func run() async throws {
      try await target.database.withAccounts { try await $0.disable(target.name) }
      Terminal.say("\(target.name) may not sign in any more.")
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "enable", abstract: "Let a disabled account sign in again.")
    @OptionGroup var target: AccountTarget

    func run() async throws {
      try await target.database.withAccounts { try await $0.enable(target.name) }
      Terminal.say("\(target.name) may sign in again.")
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rm", abstract: "Remove an account; what it sent stays, under its name.")
    @OptionGroup var target: AccountTarget
    @Flag(help: "Also the last account: without any, the pages are open to whoever reaches them.")
    var openPages = false

    func run() async throws {
      try await target.database.withAccounts {
        try await $0.remove(target.name, openPages: openPages)
      }
      Terminal.say("\(target.name) is removed.")
    }
  }

  struct Sessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sessions", abstract: "List open sessions, the one used last first.")
    @Argument(help: "Only of this account.", transform: AccountArgument.name) var name: String?
    @OptionGroup var options: ReadingOptions

    func run() async throws {
      let sessions = try await options.database.withAccounts { try await $0.sessions(of: name) }
      try options.show(sessions, empty: "Nobody is signed in.") { .sessions($0, now: Date()) }
    }
  }

  struct SignOut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sign-out", abstract: "End all sessions of an account.")
    @OptionGroup var target: AccountTarget

    func run() async throws {
      let ended = try await target.database.withAccounts {
        try await $0.endSessions(of: target.name)
      }
      Terminal.printLines(["\(ended) sessions ended"])
    }
  }
}

/// The account that a command is for.
struct AccountTarget: ParsableArguments {
  @Argument(help: "The account's name.", transform: AccountArgument.name) var name: String
  @OptionGroup(title: "Database") var database: DatabaseOptions
}

enum AccountArgument {
  /// For an argument's `transform`: the name that a text means.
  static func name(_ text: String) throws -> String {
    guard let name = AccountName.normalised(text) else {
      throw ValidationError(
        "'\(text)' is no account's name: those are 1 to 64 of a-z, 0-9, '.', '_', '@' and '-'")
    }
    return name
  }
}

extension DatabaseOptions {
  /// Runs `body` with the accounts of an existing database.
  func withAccounts<Result>(_ body: (AccountStore) async throws -> Result) async throws -> Result {
    try await withPool { try await body(AccountStore(pool: $0)) }
  }
}
