import Foundation
import JobQueue
import PayloadEncryption
import Testing

@Suite("Encryption keys")
struct EncryptionKeysTests {
  private let context = Data("kind\0queue".utf8)
  private let payload = Data(#"{"citizen": "Nguyễn Thị Ong"}"#.utf8)

  private func keys(_ current: String, _ names: String...) throws -> EncryptionKeys {
    try EncryptionKeys(
      current: current,
      keys: Dictionary(
        uniqueKeysWithValues: names.map { ($0, Data(repeating: $0.utf8.first ?? 0, count: 32)) }))
  }

  @Test("a payload comes back, and two seals of it have nothing in common")
  func roundTrip() throws {
    let ring = try keys("a", "a")
    let first = try ring.seal(payload, authenticating: context)
    let second = try ring.seal(payload, authenticating: context)
    #expect(first.key == "a")
    #expect(first.data != second.data)
    #expect(try ring.open(first, authenticating: context) == payload)
    #expect(first.data.range(of: Data("citizen".utf8)) == nil)
  }

  @Test("an older key still opens; an unknown one is named together with those that are there")
  func rotation() throws {
    let sealed = try keys("a", "a").seal(payload, authenticating: context)
    let rotated = try keys("b", "a", "b")
    #expect(try rotated.open(sealed, authenticating: context) == payload)
    #expect(try rotated.seal(payload, authenticating: context).key == "b")
    let error = try #require(throws: PayloadEncryptionError.self) {
      try keys("c", "b", "c").open(sealed, authenticating: context)
    }
    #expect(error.reason == .unknownKey("a", known: ["b", "c"]))
  }

  @Test("a bit that was changed, another context, another key of the name: not authentic")
  func tampering() throws {
    let ring = try keys("a", "a")
    let sealed = try ring.seal(payload, authenticating: context)
    let expected = PayloadEncryptionError(.notAuthentic(key: "a"))
    for place in [0, 12, sealed.data.count - 1] {
      var changed = sealed
      changed.data[place] ^= 1
      #expect(throws: expected) { try ring.open(changed, authenticating: context) }
    }
    let short = SealedPayload(key: "a", data: sealed.data.prefix(5))
    #expect(throws: expected) { try ring.open(short, authenticating: context) }
    #expect(throws: expected) { try ring.open(sealed, authenticating: Data("other".utf8)) }
    let namesake = try EncryptionKeys(current: "a", keys: ["a": Data(repeating: 9, count: 32)])
    #expect(throws: expected) { try namesake.open(sealed, authenticating: context) }
  }

  @Test("keys are read from one line of text, whose first is current")
  func text() throws {
    let old = EncryptionKeys.newEntry(named: "2026-05")
    let new = EncryptionKeys.newEntry(named: "2026-11")
    let sealed = try EncryptionKeys(old).seal(payload, authenticating: context)
    let ring = try EncryptionKeys(" \(new), \(old)\n")
    #expect(ring.currentKey == "2026-11")
    #expect(ring.names == ["2026-05", "2026-11"])
    #expect(try ring.open(sealed, authenticating: context) == payload)
  }

  @Test(
    "keys that can't be used are refused without being quoted",
    arguments: [
      "", "2026-11", "2026-11:c2VjcmV0", "2026-11:not base64!", ":QUJD",
      "a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=,a:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    ])
  func refused(_ text: String) throws {
    let error = try #require(throws: EncryptionKeysError.self) { try EncryptionKeys(text) }
    let secret = text.split(separator: ":").last.map(String.init) ?? "-"
    #expect(secret == text || !"\(error)".contains(secret))
  }

  @Test("a ring prints the names of its keys and nothing else")
  func printed() throws {
    let ring = try EncryptionKeys(EncryptionKeys.newEntry(named: "2026-11"))
    var dumped = ""
    dump(ring, to: &dumped)
    #expect("\(ring)" == "keys 2026-11; current: 2026-11")
    #expect(String(reflecting: ring) == "\(ring)")
    #expect(!dumped.contains("SymmetricKey"))
  }
}
