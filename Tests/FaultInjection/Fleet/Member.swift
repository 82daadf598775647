import FoundationEssentials
import Glibc

/// What the fleet keeps running.
struct Member: Sendable {
  enum Role: Sendable, Hashable {
    case worker
    case producer
    /// A shell with a worker and a producer, one process group.
    case group
  }

  /// Where a member runs, which decides what can be done to it.
  enum Place: String, Sendable {
    /// On this machine, with the addresses of both servers.
    case direct
    case behindProxy
    case inNamespace
    case underFakeClock
  }

  let role: Role
  let place: Place
  /// As the operating system takes it.
  let command: [String]
  let environment: [String: String]
}

/// What a process of the run is to do. Under libfaketime a Swift program sees no arguments, so they come
/// in its environment too.
package enum ProgramArguments {
  private static let name = "ONG_CHAOS_ARGUMENTS"

  /// Without the program's name.
  package static var ours: [String] {
    if let text = ProcessInfo.processInfo.environment[name] {
      return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    return Array(CommandLine.arguments.dropFirst())
  }

  static func variable(_ arguments: [String]) -> [String: String] {
    [name: arguments.joined(separator: "\n")]
  }
}

/// Makes the commands of members.
struct MemberCommands: Sendable {
  /// The file of the program `chaos`.
  let program: String
  let journals: String
  let slots: Int

  func worker(
    _ place: Member.Place, _ conninfo: String, prefix: [String] = [],
    environment: [String: String] = [:]
  ) -> Member {
    let arguments = ["worker", conninfo, journals, String(slots)]
    return Member(
      role: .worker, place: place, command: prefix + [program] + arguments,
      environment: environment.merging(ProgramArguments.variable(arguments)) { $1 })
  }

  func producer(_ conninfo: String, seed: UInt64, rate: Double) -> Member {
    Member(
      role: .producer, place: .direct,
      command: [program, "producer", conninfo, journals, String(seed), String(rate)],
      environment: [:])
  }

  func group(_ conninfo: String, seed: UInt64, rate: Double) -> Member {
    // A shell gives what it starts with `&` no standard input, so the lifeline is passed on by hand.
    // Of SIGTERM, which the whole group gets, it only hears the end of its children.
    let script = """
      trap : TERM; exec 3<&0
      "$0" worker "$1" "$2" "$3" <&3 & "$0" producer "$1" "$2" "$4" "$5" <&3 &
      wait; wait; wait
      """
    return Member(
      role: .group, place: .direct,
      command: [
        "/bin/sh", "-c", script, program, conninfo, journals, String(slots), String(seed),
        String(rate),
      ], environment: [:])
  }
}
