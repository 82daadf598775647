import Foundation
import PrivatePostgres

/// A program, run as a person runs it. What it says goes to files, not through pipes: a pipe's end
/// can be held open by any other program that the tests start meanwhile.
struct Program {
  var file: URL
  var environment: [String: String]
  var directory: URL

  init(
    _ file: URL, environment: [String: String] = [:],
    directory: URL = FileManager.default.temporaryDirectory
  ) {
    self.file = file
    self.environment = environment
    self.directory = directory
  }

  struct Ended {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs it to its end.
  func run(_ arguments: String..., input: String = "") async throws -> Ended {
    try await run(arguments, input: input)
  }

  func run(_ arguments: [String], input: String = "") async throws -> Ended {
    let running = try start(arguments, input: input)
    let status = try await running.ended()
    return Ended(status: status, output: running.output, errors: running.errors)
  }

  func start(_ arguments: [String], input: String = "") throws -> RunningProgram {
    let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
      .merging(environment) { $1 }
    let command = ["/usr/bin/env", "-C", directory.path, file.path] + arguments
    return try RunningProgram(command, variables, input)
  }
}

/// A program that was started. It is killed at the latest when nobody refers to it any more.
final class RunningProgram: Sendable {
  struct TimeIsOver: Error {
    let waitedFor: String
    let output: String
    let errors: String
  }

  let child: ChildProcess
  private let files: URL

  fileprivate init(
    _ command: [String], _ environment: [String: String], _ input: String
  ) throws {
    let files = FileManager.default.temporaryDirectory.appending(path: "ong-said-\(UUID())")
    self.files = files
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    try Data(input.utf8).write(to: files.appending(path: "in"))
    for name in ["out", "err"] { try Data().write(to: files.appending(path: name)) }
    let heard = try FileHandle(forReadingFrom: files.appending(path: "in"))
    let said = try ["out", "err"].map { try FileHandle(forWritingTo: files.appending(path: $0)) }
    defer { for stream in [heard] + said { try? stream.close() } }
    child = try ChildProcess(
      command, input: heard.fileDescriptor, output: said[0].fileDescriptor,
      errors: said[1].fileDescriptor, environment: environment)
  }

  deinit {
    if child.isRunning { kill(child.id, SIGKILL) }
    try? FileManager.default.removeItem(at: files)
  }

  var output: String { text("out") }
  var errors: String { text("err") }

  private func text(_ name: String) -> String {
    let data = (try? Data(contentsOf: files.appending(path: name))) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }

  func send(_ signal: Int32) { kill(child.id, signal) }

  /// Returns when it has said `part` on its standard output; throws if it ends or takes longer.
  func says(_ part: String, within limit: Duration = .seconds(90)) async throws {
    let end = ContinuousClock.now + limit
    while !output.contains(part) {
      guard child.isRunning, ContinuousClock.now < end else {
        // What it said with its last breath counts.
        if output.contains(part) { return }
        throw TimeIsOver(waitedFor: part, output: output, errors: errors)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The exit status, 128 + n after signal n.
  func ended(within limit: Duration = .seconds(90)) async throws -> Int32 {
    if let status = await child.waitForExit(within: limit) { return status }
    throw TimeIsOver(waitedFor: "the end", output: output, errors: errors)
  }
}
