import Foundation
import LibpqClient

/// A crash-worker of our own, as an operating-system process.
final class WorkerProcess {
  private let process = Process()

  var pid: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  init(_ configuration: ConnectionConfiguration, slots: Int = 8) throws {
    process.executableURL = Self.executable
    process.arguments = [configuration.conninfo, String(slots)]
    // A backtrace of each abort would take longer than the test.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.standardError
    try process.run()
  }

  deinit { if process.isRunning { kill(pid, SIGKILL) } }

  func send(_ signal: Int32) { kill(pid, signal) }

  /// Sends SIGTERM and waits for the end; returns the exit status.
  func terminate() -> Int32 {
    send(SIGTERM)
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The build puts it beside the test bundle.
  private static var executable: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "crash-worker")
  }
}
