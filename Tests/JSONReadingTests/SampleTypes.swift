import Foundation

/// What payloads are made of, each thing that decoders treat in a way of its own.
struct Sample: Codable, Equatable {
  var n: Int64
  var to: String
  var small: Int8?
  var unsigned: UInt16?
  var large: UInt64?
  var share: Double?
  var approved: Bool?
  var level: Level?
  var at: Date?
  var bytes: Data?
  var scores: [Double]?
  var names: [String: Inner]?
  var inner: Inner?
  var step: Step?
  var grid: [[Int]]?
  var gaps: [Int?]?

  enum Level: String, Codable { case low, high }

  struct Inner: Codable, Equatable {
    var id: UUID?
    var notes: [String]
    /// Some programs take either form.
    var width: Width?
  }

  enum Width: Codable, Equatable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .text((try? container.decode(String.self)) ?? "neither")
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  /// With a coding that the compiler makes of associated values: nested containers.
  indirect enum Step: Codable, Equatable {
    case wait(seconds: Int)
    case then(Step, Step)
  }
}

/// What is left to Foundation.
struct Exact: Codable, Equatable {
  var price: Decimal?
  var page: URL?
  var ratio: Float?
}

class Base: Codable {
  var base: Int
}

final class Derived: Base {
  var own: String

  private enum CodingKeys: String, CodingKey { case own }

  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    own = try container.decode(String.self, forKey: .own)
    try super.init(from: container.superDecoder())
  }
}

/// Says where it was decoded, and remembers its decoder.
struct Path: Decodable {
  let keys: [String]
  let decoder: any Decoder

  init(from decoder: any Decoder) throws {
    keys = decoder.codingPath.map(\.stringValue)
    self.decoder = decoder
  }
}
