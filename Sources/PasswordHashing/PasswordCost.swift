import CSodium

/// What one hash costs whoever computes it: a visitor's patience, and a thief's machines.
package struct PasswordCost: Sendable, Equatable {
  /// Passes over the memory.
  package let passes: UInt64
  /// Bytes of memory.
  package let memory: Int

  package init(passes: UInt64, memory: Int) {
    self.passes = passes
    self.memory = memory
  }

  /// libsodium's choice for sign-ins: 2 passes over 64 MiB, some 100 ms.
  package static let interactive = PasswordCost(
    passes: UInt64(crypto_pwhash_opslimit_interactive()),
    memory: crypto_pwhash_memlimit_interactive())
}
