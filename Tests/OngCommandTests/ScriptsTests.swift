import Foundation
import JobQueueTesting
import Testing

/// The scripts on machines that lack something: PATH names one folder with only what is listed.
@Suite struct ScriptsTests {
  static let root = ReadmeTests.root
  static let basics = ["bash", "dirname", "env", "grep", "head", "id", "sed", "sort"]

  private func run(_ script: String, programs: [String: String]) async throws
    -> (Int32, String)
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in Self.basics where programs[name] == nil {
      let target = ["/usr/bin/", "/bin/"].map { $0 + name }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
      try FileManager.default.createSymbolicLink(
        atPath: folder.appending(path: name).path, withDestinationPath: #require(target))
    }
    for (name, body) in programs {
      let file = folder.appending(path: name)
      try Data("#!/bin/bash\n\(body)\n".utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    let ended = try await Program(
      Self.root.appending(path: script), environment: ["PATH": folder.path]
    ).run()
    return (ended.status, ended.errors)
  }

  @Test("The fairness of keys is measured on the server that the environment names")
  func fairness() async throws {
    try await TestDatabase.withDatabase { database in
      let ended = try await Program(
        Self.root.appending(path: "scripts/fairness"), environment: database.libpqVariables
      ).run("10000")
      #expect(ended.status == 0, "\(ended.errors)")
      #expect(ended.output.contains("10000 jobs before them: done after "))
    }
  }

  @Test(
    "Without Swift both commands say so, and what to do",
    arguments: ["scripts/run", "scripts/test"])
  func noSwift(script: String) async throws {
    let (status, text) = try await run(script, programs: [:])
    #expect(status == 1)
    #expect(text.contains("error: swift was not found in PATH."))
    #expect(text.contains("fix: install Swift 6.3 or newer"))
  }

  @Test("A Swift that is too old, or does not start, is named with the remedy")
  func wrongSwift() async throws {
    let old = try await run(
      "scripts/run", programs: ["swift": "echo 'Swift version 5.10.1 (swift-5.10.1-RELEASE)'"])
    #expect(old.0 == 1)
    #expect(old.1.contains("error: Swift 5.10.1 is too old: Ong needs 6.3 or newer."))
    let broken = try await run(
      "scripts/run", programs: ["swift": "echo 'libncurses.so.6: not found' >&2; exit 127"])
    #expect(broken.0 == 1)
    #expect(broken.1.contains("'swift --version' does not work: libncurses.so.6: not found"))
  }

  @Test("Missing packages that may not be installed are listed for the administrator")
  func noApt() async throws {
    let swift = "echo 'Swift version 6.3.1 (swift-6.3.1-RELEASE)'"
    let noApt = try await run("scripts/run", programs: ["swift": swift])
    #expect(noApt.0 == 1)
    #expect(noApt.1.contains("error: this system has no apt-get, and these are missing:"))
    let noSudo = try await run(
      "scripts/run", programs: ["swift": swift, "apt-get": "exit 1", "id": "echo 1000"])
    #expect(noSudo.0 == 1)
    #expect(noSudo.1.contains("run as root, or let this user use sudo"))
    #expect(noSudo.1.contains("apt-get install --no-install-recommends git pkg-config libpq-dev"))
  }
}
