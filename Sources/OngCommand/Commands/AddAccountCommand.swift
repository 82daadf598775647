import ArgumentParser
import EmulationAwards
import Foundation
import PasswordHashing

extension AccountsCommand {
  struct AddAccount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add",
      abstract: "Make an account: an officer of a unit, or a secretary.",
      discussion: """
        An officer opens and sends the form of one unit. A secretary does so for every unit of a \
        bloc, or of all blocs where none is named.
        """)

    @Argument(help: "What is typed to sign in.", transform: AccountArgument.name) var name: String
    @Option(help: ArgumentHelp("The unit whose form it sends.", valueName: "code"))
    var unit: String?
    @Flag(help: "It sends the forms of all units and reads everything.") var secretary = false
    @Option(help: ArgumentHelp("A secretary's only bloc.", valueName: "code")) var bloc: String?
    @Option(help: ArgumentHelp("How the pages call it. Default: NAME.", valueName: "text"))
    var displayName: String?
    @OptionGroup var password: NewPasswordOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions

    func validate() throws {
      if (unit != nil) == secretary {
        throw ValidationError("say what it may do: --unit CODE or --secretary")
      }
      if bloc != nil && !secretary { throw ValidationError("--bloc goes with --secretary") }
      if let displayName, !(1...100).contains(displayName.trimmed.count) {
        throw ValidationError("--display-name has 1 to 100 characters")
      }
    }

    func run() async throws {
      let account = Account(
        name: name, displayName: displayName?.trimmed ?? name,
        role: unit.map { .officer(unit: $0) } ?? .secretary(bloc: bloc))
      let chosen = try password.choose()
      let hash = try await chosen.hash()
      try await database.withAccounts { try await $0.create(account, passwordHash: hash) }
      chosen.tell("\(name) may sign in.")
    }
  }
}

/// How a new password is chosen.
struct NewPasswordOptions: ParsableArguments {
  @Flag(help: "Make a random password and print it, this once.") var generate = false

  func choose() throws -> ChosenPassword {
    if generate {
      let (text, password) = Password.generated()
      return ChosenPassword(password: password, generated: text)
    }
    return ChosenPassword(password: try PasswordInput.newPassword(), generated: nil)
  }
}

struct ChosenPassword {
  let password: Password
  fileprivate let generated: String?

  func hash() async throws -> String { try await PasswordHasher().hash(password) }

  /// Says what was done, and prints a password that nobody knows yet.
  func tell(_ deed: String) {
    Terminal.say(deed)
    guard let generated else { return }
    Terminal.say("Its password, shown this once:")
    Terminal.printLines([generated])
  }
}

extension String {
  /// As it is stored: without blanks around it, marks composed.
  fileprivate var trimmed: String {
    trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
  }
}
