import CSodium
import Foundation
import Synchronization

/// Hashes and checks passwords by libsodium's Argon2id, on threads of its own: each takes its cost
/// in memory and a core for a while, so only a few run at once, and the rest wait in line.
package final class PasswordHasher: Sendable {
  /// What a check came to.
  package enum Verdict: Sendable, Equatable {
    case wrong, right
    /// Right, and hashed at another cost than today's.
    case outdated
  }

  /// So many wait already that another would wait too long.
  package struct Busy: Error, CustomStringConvertible {
    package var description: String { "too many passwords are waiting to be checked" }
  }

  /// Not enough memory for the cost.
  package struct OutOfMemory: Error, CustomStringConvertible {
    package let memory: Int
    package var description: String { "a password's hash needs \(memory >> 20) MiB of memory" }
  }

  private let cost: PasswordCost
  private let line: OperationQueue
  private let capacity: Int
  private let waiting = Mutex(0)

  /// - Parameters:
  ///   - cost: of new hashes. Default: libsodium's for sign-ins.
  ///   - atOnce: how many are computed at the same time. Default 2.
  ///   - capacity: how many may run and wait together; who comes then is told to come back.
  ///     Default 40, which is some seconds.
  package init(cost: PasswordCost = .interactive, atOnce: Int = 2, capacity: Int = 40) {
    self.cost = cost
    self.capacity = capacity
    line = OperationQueue()
    line.name = "ong.passwords"
    line.maxConcurrentOperationCount = atOnce
    precondition(Self.isReady, "libsodium could not be started")
  }

  /// The hash with its salt and cost, as text.
  package func hash(_ password: Password) async throws -> String {
    try await inLine { [cost] in
      var text = [CChar](repeating: 0, count: crypto_pwhash_strbytes())
      let done = password.withCharacters {
        crypto_pwhash_str(&text, $0, $1, cost.passes, cost.memory)
      }
      guard done == 0 else { throw OutOfMemory(memory: cost.memory) }
      return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// Checks a password. Without a hash to check against it takes as long all the same, so that the
  /// time does not tell whether there is one.
  package func check(_ password: Password, against hash: String?) async throws -> Verdict {
    try await inLine { [cost] in
      let isRight = password.withCharacters {
        crypto_pwhash_str_verify(hash ?? Self.decoy(cost), $0, $1) == 0
      }
      guard isRight, let hash else { return .wrong }
      let isCurrent = crypto_pwhash_str_needs_rehash(hash, cost.passes, cost.memory) == 0
      return isCurrent ? .right : .outdated
    }
  }

  private func inLine<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try enter()
    return try await withCheckedThrowingContinuation { continuation in
      line.addOperation { [self] in
        let result = Result { try work() }
        waiting.withLock { $0 -= 1 }
        continuation.resume(with: result)
      }
    }
  }

  private func enter() throws {
    try waiting.withLock { waiting in
      if waiting >= capacity { throw Busy() }
      waiting += 1
    }
  }

  private static let isReady = sodium_init() >= 0

  /// A hash of the given cost that no password has (with a chance of 2⁻²⁵⁶).
  private static func decoy(_ cost: PasswordCost) -> String {
    let salt = String(repeating: "A", count: 22)
    let digest = String(repeating: "A", count: 43)
    return "$argon2id$v=19$m=\(cost.memory / 1024),t=\(cost.passes),p=1$\(salt)$\(digest)"
  }
}

extension Password {
  fileprivate func withCharacters<Value>(_ body: (UnsafePointer<CChar>, UInt64) -> Value) -> Value {
    // One byte more, so that an empty password has an address, too.
    (bytes + [0]).withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!, UInt64(bytes.count)) }
    }
  }
}
