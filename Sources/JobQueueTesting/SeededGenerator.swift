/// A generator that gives the same numbers for the same seed (SplitMix64, Steele and others 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  /// One of many independent generators of a seed.
  ///
  /// - Parameter name: mixed in by FNV-1a, 64 bits, which is the same in every run, unlike Swift's hash.
  package init(_ seed: UInt64, for name: String) {
    let mixed = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    self.init(seed ^ mixed)
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
