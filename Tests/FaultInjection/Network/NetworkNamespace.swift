import Glibc
import PrivatePostgres

/// A network of its own for a worker, joined to this machine's by one cable that can be pulled.
struct NetworkNamespace: Sendable {
  let name: String
  private let cable: String
  /// This machine's end.
  let host: String

  /// Throws where the machine does not let us: it takes root.
  static func make() async throws -> NetworkNamespace {
    let number = Int(getpid())
    // Of the addresses for benchmarks of devices (RFC 2544), four of them.
    let net = "198.18.\(number / 64 % 256)."
    let base = number % 64 * 4
    let namespace = NetworkNamespace(
      name: name(of: getpid()), cable: "ong\(number)", host: net + String(base + 1))
    let (name, cable) = (namespace.name, namespace.cable)
    do {
      try await run("netns", "add", name)
      try await run(
        "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
      try await run("addr", "add", namespace.host + "/30", "dev", cable)
      try await run("link", "set", cable, "up")
      for command in [
        ["addr", "add", net + "\(base + 2)/30", "dev", "eth0"], ["link", "set", "eth0", "up"],
        ["link", "set", "lo", "up"],
      ] {
        try await run(["-n", name] + command)
      }
    } catch {
      await namespace.remove()
      throw error
    }
    return namespace
  }

  /// What to put before a command so that it runs inside.
  var commandPrefix: [String] { [Self.program, "netns", "exec", name] }

  /// Pulls the cable or plugs it in again: what is sent meanwhile is lost without a word.
  func connect(_ isConnected: Bool) async throws {
    try await Self.run("link", "set", cable, isConnected ? "up" : "down")
  }

  func remove() async {
    try? await Self.run("netns", "del", name)
    try? await Self.run("link", "del", cable)
  }

  /// Of a process that has left it behind. The cable goes with it.
  static func remove(of process: Int32) async { try? await run("netns", "del", name(of: process)) }

  private static func name(of process: Int32) -> String { "ong-chaos-\(process)" }

  private static let program: String = {
    let places: [String] = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]
    return places.first { access($0, X_OK) == 0 } ?? places[0]
  }()

  private static func run(_ arguments: String...) async throws { try await run(arguments) }

  private static func run(_ arguments: [String]) async throws {
    let run = try await ChildProcess.run([program] + arguments)
    guard run.status == 0 else {
      throw ChaosError("ip \(arguments.joined(separator: " ")): \(run.output.prefix(200))")
    }
  }
}
