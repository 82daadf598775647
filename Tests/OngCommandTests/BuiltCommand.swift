import Foundation
import Synchronization
import Testing

/// The built command `ong`, run as a person runs it.
struct BuiltCommand {
  /// It lies beside the test bundle.
  static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appending(path: "ong")

  var environment: [String: String] = [:]
  /// The working folder: one of the test's own keeps a developer's `.ong/` out of it.
  var directory = FileManager.default.temporaryDirectory

  struct Ended {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Runs it to its end.
  func run(_ arguments: String..., input: String = "") async throws -> Ended {
    let running = try start(arguments, input: input)
    let status = await running.ended()
    return Ended(
      status: status, output: running.output.text, errors: running.errors.text)
  }

  func start(_ arguments: [String], input: String = "") throws -> RunningCommand {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
      .merging(environment) { $1 }
    return try RunningCommand(process, input: input)
  }

  /// A folder in which `ong up` can work, removed afterwards.
  static func inFolder<Result>(
    _ body: (BuiltCommand) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(BuiltCommand(directory: folder))
  }
}

/// What a command says, line by line.
final class SpokenText: Sendable {
  private let bytes = Mutex(Data())
  private let heard: AsyncStream<Void>
  private let tell: AsyncStream<Void>.Continuation

  init(_ pipe: Pipe) {
    (heard, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    let file = pipe.fileHandleForReading
    Thread.detachNewThread { [self] in
      while let data = try? file.read(upToCount: 4096), !data.isEmpty {
        bytes.withLock { $0.append(data) }
        tell.yield()
      }
      tell.finish()
    }
  }

  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

  /// Waits until it has said `part`, or until it says nothing more.
  func says(_ part: String) async -> Bool {
    if text.contains(part) { return true }
    for await _ in heard where text.contains(part) { return true }
    return text.contains(part)
  }

  func end() async { for await _ in heard {} }
}

final class RunningCommand: Sendable {
  let output: SpokenText
  let errors: SpokenText
  let processID: Int32
  private let status: Task<Int32, Never>

  fileprivate init(_ process: Process, input: String) throws {
    let (standardInput, outputPipe, errorPipe) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    let ended = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = {
      // As a shell says it: 128 and the signal's number for a process that was killed.
      ended.continuation.yield(
        $0.terminationReason == .exit ? $0.terminationStatus : 128 + $0.terminationStatus)
      ended.continuation.finish()
    }
    try process.run()
    processID = process.processIdentifier
    output = SpokenText(outputPipe)
    errors = SpokenText(errorPipe)
    status = Task {
      for await status in ended.stream { return status }
      return -1
    }
    try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try? standardInput.fileHandleForWriting.close()
  }

  func send(_ signal: Int32) { kill(processID, signal) }

  func ended() async -> Int32 {
    let status = await status.value
    await output.end()
    await errors.end()
    return status
  }
}
