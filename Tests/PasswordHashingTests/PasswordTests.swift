import Foundation
import Testing

@testable import PasswordHashing

struct PasswordTests {
  private let hasher = PasswordHasher(cost: .cheap)

  @Test func `a password is its own, and no other is`() async throws {
    let hash = try await hasher.hash(try Password(new: "mùa thu Hà Nội"))
    #expect(hash.hasPrefix("$argon2id$"))
    #expect(try await hasher.check(Password(typed: "mùa thu Hà Nội"), against: hash) == .right)
    for other in ["mùa thu Hà nội", "", String(repeating: "a", count: 5000)] {
      #expect(try await hasher.check(Password(typed: other), against: hash) == .wrong)
    }
  }

  @Test func `marks typed apart or together are the same password`() async throws {
    let text = "ngày xửa ngày xưa"
    let hash = try await hasher.hash(
      try Password(new: text.decomposedStringWithCanonicalMapping))
    #expect(text.decomposedStringWithCanonicalMapping.utf8.count > text.utf8.count)
    #expect(
      try await hasher.check(
        Password(typed: text.precomposedStringWithCanonicalMapping), against: hash) == .right)
    #expect(
      try await hasher.check(
        Password(typed: text.decomposedStringWithCanonicalMapping), against: hash) == .right)
  }

  @Test func `the same password has another hash each time`() async throws {
    let password = try Password(new: "mùa thu Hà Nội")
    let one = try await hasher.hash(password)
    let other = try await hasher.hash(password)
    #expect(other != one)
  }

  @Test func `length is asked for, in characters, and nothing else`() throws {
    #expect(throws: PasswordProblem.tooShort) {
      try Password(new: String("mười một chữ".dropLast()))
    }
    #expect(throws: PasswordProblem.tooShort) {
      // Eleven letters, however many code points their marks are typed as.
      try Password(new: "ạạạạạạạạạạạ".decomposedStringWithCanonicalMapping)
    }
    #expect(throws: PasswordProblem.tooLong) {
      try Password(new: String(repeating: "ạ", count: 400))
    }
    #expect(throws: PasswordProblem.controlCharacter) { try Password(new: "twelve\tletters") }
    _ = try Password(new: "aaaaaaaaaaaa")
    _ = try Password(new: "mười hai chữ")
  }

  @Test func `a hash of another cost is right and outdated`() async throws {
    let dearer = PasswordHasher(cost: PasswordCost(passes: 2, memory: 16 * 1024))
    let password = try Password(new: "mùa thu Hà Nội")
    let hash = try await hasher.hash(password)
    #expect(try await dearer.check(password, against: hash) == .outdated)
    #expect(try await dearer.check(Password(typed: "another"), against: hash) == .wrong)
  }

  /// The same steps, not the same microseconds: a machine that others use too tells no more.
  @Test func `a name that nobody has takes as long as one that somebody has`() async throws {
    let hasher = PasswordHasher(cost: PasswordCost(passes: 3, memory: 16 << 20))
    let password = try Password(new: "mùa thu Hà Nội")
    let hash = try await hasher.hash(password)
    func fastest(against hash: String?) async throws -> Duration {
      var fastest = Duration.seconds(100)
      for _ in 1...5 {
        let start = ContinuousClock.now
        _ = try await hasher.check(Password(typed: "another"), against: hash)
        fastest = min(fastest, ContinuousClock.now - start)
      }
      return fastest
    }
    let (known, unknown) = (try await fastest(against: hash), try await fastest(against: nil))
    #expect(unknown > known / 2 && unknown < known * 2, "\(known), \(unknown)")
    #expect(try await hasher.check(password, against: nil) == .wrong)
  }

  @Test func `who comes when too many wait is told so, and the others are served`() async throws {
    let hasher = PasswordHasher(
      cost: PasswordCost(passes: 3, memory: 16 << 20), atOnce: 1, capacity: 3)
    let password = try Password(new: "mùa thu Hà Nội")
    let answers = await withTaskGroup(of: Bool.self) { tasks in
      for _ in 1...40 { tasks.addTask { (try? await hasher.hash(password)) != nil } }
      return await tasks.reduce(into: [Bool]()) { $0.append($1) }
    }
    #expect(answers.contains(true) && answers.contains(false))
    _ = try await hasher.hash(password)
  }

  @Test func `a generated password is long, new each time, and can be chosen`() throws {
    let (text, password) = Password.generated()
    #expect(text.wholeMatch(of: /([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}/) != nil, "\(text)")
    let chosen = try Password(new: text)
    #expect(password.bytes == chosen.bytes)
    #expect(Password.generated().text != text)
  }

  @Test func `nothing prints a password`() throws {
    let password = try Password(new: "mùa thu Hà Nội")
    var dumped = ""
    dump(password, to: &dumped)
    for text in [
      "\(password)", String(reflecting: password), String(describing: [password]), dumped,
    ] {
      #expect(!text.contains("thu") && !text.contains("109"), "\(text)")
    }
  }
}

extension PasswordCost {
  static let cheap = PasswordCost(passes: 1, memory: 8 * 1024)
}
