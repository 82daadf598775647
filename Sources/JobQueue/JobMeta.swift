package import Foundation

/// The options that travel with a job in its column `meta`; a plain job has none.
package struct JobMeta: Decodable, Sendable {
  package var expiresAt: Date?
  package var tags: [String]?
  package var traceparent: String?
  package var workflow: Int64?
  package var step: String?

  package var isExpired: Bool { expiresAt.map { $0 <= Date() } ?? false }

  enum CodingKeys: String, CodingKey {
    case tags, traceparent, workflow, step
    case expiresAt = "expires_at"
  }

  /// Reads each option by itself: one that is not understood, because others put it there, takes no
  /// other along and never keeps a job from running.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    expiresAt = try? container.decodeIfPresent(Date.self, forKey: .expiresAt)
    tags = try? container.decodeIfPresent([String].self, forKey: .tags)
    traceparent = try? container.decodeIfPresent(String.self, forKey: .traceparent)
    workflow = try? container.decodeIfPresent(Int64.self, forKey: .workflow)
    step = try? container.decodeIfPresent(String.self, forKey: .step)
  }
}
