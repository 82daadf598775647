import Foundation
import Synchronization

/// A program, run as a person runs it.
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
    let status = await running.ended()
    return Ended(
      status: status, output: running.output.text, errors: running.errors.text)
  }

  func start(_ arguments: [String], input: String = "") throws -> RunningProgram {
    let process = Process()
    process.executableURL = file
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
      .merging(environment) { $1 }
    return try RunningProgram(process, input: input)
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

final class RunningProgram: Sendable {
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
