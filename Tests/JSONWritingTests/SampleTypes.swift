import Foundation

/// What payloads are made of, each thing that encoders treat in a way of its own.
struct Parcel: Codable, Equatable {
  var n: Int64
  var to: String
  var small: Int8?
  var large: UInt64?
  var share: Double?
  var ratio: Float?
  var approved: Bool?
  var at: Date?
  var bytes: Data?
  var page: URL?
  var price: Decimal?
  var id: UUID?
  var names: [String: [String]]?
  var places: [Int: String]?
  var grid: [[Double?]]?
  var step: Step?

  /// With a coding that the compiler makes of associated values: nested containers.
  indirect enum Step: Codable, Equatable {
    case idle
    case wait(seconds: Int)
    case then(Step, Step)
  }
}

struct Flat: Encodable { let keys: [String] }

/// A value that encodes nothing.
struct Mute: Encodable { func encode(to encoder: any Encoder) {} }

enum AB: String, CodingKey { case a, b, c }

/// An encoder's user that is written by hand.
struct ByHand: Encodable {
  let write: (any Encoder) throws -> Void
  func encode(to encoder: any Encoder) throws { try write(encoder) }
}

class Base: Encodable { var base = 1 }

final class Derived: Base {
  private enum CodingKeys: CodingKey { case own }

  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let parent = container.superEncoder()
    try container.encode("x", forKey: .own)
    try super.encode(to: parent)
  }
}
