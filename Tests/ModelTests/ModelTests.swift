import Foundation
import PrivatePostgres
import Testing

/// sql/model/protocol.pml under the model checker spin: every interleaving at small sizes.
@Suite("Model")
struct ModelTests {
  /// Two workers, of which one may be declared dead alive, with rotation.
  static let rescue = ["JOBS=1", "ROWS=3", "CLAIMS=3", "WORKERS=2", "EPOCHS=2", "CRASHES=0"]
  /// One worker and a server that crashes.
  static let crash = ["JOBS=2", "ROWS=3", "CLAIMS=2", "WORKERS=1", "EPOCHS=1", "CRASHES=1"]
  /// A worker that begins a second life after a crash of the server or its rescue.
  static let secondLife = ["JOBS=1", "ROWS=3", "CLAIMS=2", "WORKERS=1", "EPOCHS=2", "CRASHES=1"]

  @Test(
    "The protocol loses nothing and accepts nothing twice, whatever the order",
    arguments: [rescue, crash, secondLife])
  func holds(_ sizes: [String]) async throws {
    let verdict = try await Self.check(sizes)
    #expect(verdict.contains("errors: 0"), "\(verdict)")
    #expect(!verdict.contains("max search depth too small"))
  }

  @Test(
    "Without one of its locks or checks it does",
    arguments: [
      ("NO_EPOCH_LOCK", rescue, "db.accepted"), ("NO_ROTATION_LOCK", rescue, "db.accepted"),
      ("NO_EPOCH_CHECK", rescue, "found"), ("NO_HOLD", rescue, "found"),
      ("NO_CARRY", rescue, "found"), ("READ_BY_ID", crash, "found"),
      ("NO_CONFIRM", crash, "db.accepted"),
    ])
  func fails(_ variant: String, _ sizes: [String], _ assertion: String) async throws {
    let verdict = try await Self.check([variant] + sizes)
    let violated = verdict.split(separator: "\n").first { $0.contains("assertion violated") }
    #expect(violated?.contains(assertion) == true, "\(verdict)")
  }

  /// What the checker says of the model under these definitions.
  private static func check(_ definitions: [String]) async throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ong-model-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../sql/model/protocol.pml").standardizedFileURL
    let said = folder.appending(path: "said")
    try Data().write(to: said)
    let output = try FileHandle(forWritingTo: said)
    defer { try? output.close() }
    let options = definitions.map { "-D\($0)" }.joined(separator: " ")
    let child = try ChildProcess(
      [
        "/bin/sh", "-c",
        """
        cd '\(folder.path)' && spin -a \(options) '\(model.path)' &&
        cc -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=2000 -o pan pan.c && ./pan -m100000
        """,
      ], output: output.fileDescriptor)
    let status = await child.waitForExit(within: .seconds(180))
    #expect(status == 0, "spin and a C compiler are needed")
    return try String(contentsOf: said, encoding: .utf8)
  }
}
