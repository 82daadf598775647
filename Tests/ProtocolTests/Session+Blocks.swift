import Foundation
import LibpqClient
import Testing

extension Session {
  /// Blocks that a statement touches.
  func blocks(of statement: String, _ parameters: [any SQLParameter] = []) async throws -> Int {
    let plan = try await connection.query(
      "explain (analyze, buffers, format json) " + statement, parameters)[0, 0].decode(String.self)
    struct Plan: Decodable {
      struct Node: Decodable {
        let hit: Int
        let read: Int
        enum CodingKeys: String, CodingKey {
          case hit = "Shared Hit Blocks"
          case read = "Shared Read Blocks"
        }
      }
      let node: Node
      enum CodingKeys: String, CodingKey { case node = "Plan" }
    }
    let plans = try JSONDecoder().decode([Plan].self, from: Data(plan.utf8))
    let node = try #require(plans.first).node
    return node.hit + node.read
  }
}
