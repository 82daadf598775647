import Foundation
import MailTransport
import Testing

@Suite("A Maildir")
final class MaildirTests {
  let root = FileManager.default.temporaryDirectory.appending(path: "ong-maildir-\(UUID())").path
  var path: String { root + "/deep/mail" }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func files(_ part: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(part)")
  }

  @Test("keeps one file of a message that is delivered twice, and says which was new")
  func idempotent() throws {
    let maildir = try Maildir(path: path)
    let message = try notice()
    let file = "\(path)/new/\(message.messageID.value)"
    #expect(try maildir.send(message) == .accepted(.init(reference: file, isNew: true)))
    #expect(try maildir.send(message) == .accepted(.init(reference: file, isNew: false)))
    #expect(
      try Maildir(path: path).send(message) == .accepted(.init(reference: file, isNew: false)))
    #expect(try files("new") == [message.messageID.value])
    #expect(try files("tmp") == [])
  }

  @Test("knows a message again after a mail program has moved it to cur")
  func alreadyRead() throws {
    let maildir = try Maildir(path: path)
    let message = try notice()
    _ = try maildir.send(message)
    let name = message.messageID.value
    try FileManager.default.moveItem(
      atPath: "\(path)/new/\(name)", toPath: "\(path)/cur/\(name):2,S")
    guard case .accepted(let receipt) = try maildir.send(message) else { return }
    #expect(!receipt.isNew)
    #expect(try files("new") == [])
  }

  @Test("delivers past what a crash left in tmp, and removes that after 36 hours")
  func leftovers() throws {
    _ = try Maildir(path: path)
    let message = try notice()
    let fresh = "\(path)/tmp/\(message.messageID.value).1.fresh"
    let old = "\(path)/tmp/\(message.messageID.value).1.old"
    for file in [fresh, old] { try Data("half a mess".utf8).write(to: URL(filePath: file)) }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -37 * 3600)], ofItemAtPath: old)

    guard case .accepted(let receipt) = try Maildir(path: path).send(message) else { return }
    #expect(receipt.isNew)
    #expect(try files("tmp") == ["\(message.messageID.value).1.fresh"])
    let text = try String(contentsOfFile: receipt.reference, encoding: .utf8)
    #expect(text.hasPrefix("Date: Wed, 13 Dec 2023 08:00:00 +0700\nFrom: "))
    #expect(!text.contains("\r"))
  }

  @Test("gets one new delivery when many threads deliver the same message")
  func race() async throws {
    let maildir = try Maildir(path: path)
    let message = try notice()
    let new = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 {
        group.addTask {
          guard case .accepted(let receipt) = try maildir.send(message) else { return false }
          return receipt.isNew
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(new == 1)
    #expect(try files("new").count == 1)
  }

  @Test("is private to its owner")
  func permissions() throws {
    let maildir = try Maildir(path: path)
    _ = try maildir.send(notice())
    for part in ["", "/tmp", "/new", "/cur"] {
      let mode = try FileManager.default.attributesOfItem(atPath: path + part)[.posixPermissions]
      #expect(mode as? Int == 0o700)
    }
  }

  @Test("names the folder that it cannot make")
  func cannotMake() throws {
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: root + "/deep"))
    #expect { _ = try Maildir(path: path) } throws: { "\($0)".contains("\(path)") }
  }
}
