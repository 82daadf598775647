package import JobQueueTesting

/// Something of the program that reads bytes it cannot trust. Reading them must end, in a value or in
/// an error, and never trap.
package struct FuzzTarget: Sendable, CustomStringConvertible {
  package let name: String
  /// Inputs that mean something, for mutations to begin with.
  package let seeds: [[UInt8]]
  package let read: @Sendable ([UInt8]) -> Void
  /// How many inputs a short run of a fraction of a second reads.
  package let shortRun: Int

  init(
    _ name: String, shortRun: Int = 1500, seeds: [String],
    read: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.name = name
    self.shortRun = shortRun
    self.seeds = seeds.map { Array($0.utf8) }
    self.read = read
  }

  package static let all = [
    results, json, payloads, kinds, forms, addresses, arguments, connections, sheets, settings,
  ]

  package var description: String { name }

  /// A seed of the target that was changed in some places, joined to another, or nothing but noise.
  package func input(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes = seeds.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 0...6, using: &random) { mutate(&bytes, &random) }
    return Array(bytes.prefix(4096))
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes.insert(.random(in: 0...255, using: &random), at: place)
    case 1 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
    case 2 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 3 where place < bytes.count:
      bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + 3))
    case 5:
      let other = seeds.randomElement(using: &random) ?? []
      bytes = bytes.prefix(place) + other.suffix(Int.random(in: 0...other.count, using: &random))
    case 6:
      let part = bytes[place..<min(bytes.count, place + 8)]
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        bytes.insert(contentsOf: part, at: place)
      }
    default:
      let signs = Array("{}[]\",:\\%&=+-./@;# 0189eE\0\n\u{0}".utf8) + [0xC4, 0x91, 0xED, 0xA0]
      bytes.insert(signs.randomElement(using: &random)!, at: place)
    }
  }
}
