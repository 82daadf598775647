import Foundation
import LibpqClient

/// The CPU time of a server on this machine, from /proc: its main process, those that live, and those
/// that have ended.
struct ServerProcesses: Sendable {
  private let postmaster: Int32
  private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

  /// Nil where the server is on another machine, or in a container whose processes have other numbers.
  init?(of connection: Connection) async throws {
    let answer = try await connection.query(
      """
      select inet_server_addr() is null or inet_server_addr() = inet_client_addr(),
        pg_backend_pid(), extract(epoch from backend_start)::float8
      from pg_stat_activity where pid = pg_backend_pid()
      """)
    let backend = try answer[0, 1].decode(Int32.self)
    guard try answer[0, 0].decode(Bool.self), let own = ProcessStatus(backend),
      own.name == "postgres", let parent = ProcessStatus(own.parent), parent.name == "postgres"
    else { return nil }
    postmaster = own.parent
  }

  /// Seconds so far; steps of the kernel's clock, which are 10 ms as a rule.
  var cpuSeconds: Double {
    let ended = ProcessStatus(postmaster).map { $0.ticks + $0.ticksOfEndedChildren } ?? 0
    let living = children.compactMap { ProcessStatus($0)?.ticks }.reduce(0, +)
    return Double(ended + living) / Self.ticksPerSecond
  }

  /// Of any process of this machine that lives, its ended children not counted; 0 without /proc.
  static func cpuSeconds(of process: Int32) -> Double {
    Double(ProcessStatus(process)?.ticks ?? 0) / ticksPerSecond
  }

  private var children: [Int32] {
    let path = "/proc/\(postmaster)/task/\(postmaster)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }
}

/// A line of /proc/PID/stat.
private struct ProcessStatus {
  let name: String
  let parent: Int32
  let ticks: Int
  let ticksOfEndedChildren: Int

  init?(_ process: Int32) {
    guard
      let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    name = String(text[text.index(after: open)..<close])
    // After the name: state, ppid, …; utime, stime, cutime and cstime are fields 14 to 17 of the line.
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 14 else { return nil }
    let numbers = fields.map { Int($0) ?? 0 }
    parent = Int32(numbers[1])
    ticks = numbers[11] + numbers[12]
    ticksOfEndedChildren = numbers[13] + numbers[14]
  }
}
