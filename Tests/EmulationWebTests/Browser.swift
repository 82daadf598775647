import Foundation

/// Drives Debian's chromium through a Python script of Tests/Browser.
enum Browser {
  static let isInstalled: Bool =
    (try? Process.outcome(
      of: "/usr/bin/env", ["sh", "-c", "command -v chromium && python3 -c 'import playwright'"]
    ).status) == 0

  static func run(
    _ script: String, _ environment: [String: String]
  ) async throws -> (status: Int32, output: String) {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let path = folder.appending(path: "../Browser/\(script)").standardizedFileURL.path
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "browser").async {
        continuation.resume(
          with: Result {
            try Process.outcome(of: "/usr/bin/env", ["python3", path], environment)
          })
      }
    }
  }
}

extension Process {
  /// Blocks until the program ends; its output and errors together.
  fileprivate static func outcome(
    of program: String, _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String) {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
