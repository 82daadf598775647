package import Foundation

/// Reads payloads of one stored kind as values of today's type.
package struct PayloadReader<Payload: JobPayload>: Sendable {
  package let storedKind: StoredKind
  /// From the stored version to today's, in order.
  private let steps: [PayloadUpcaster]

  /// - Parameter version: one of `Payload.readableVersions`.
  package init(_ type: Payload.Type, version: Int) {
    storedKind = StoredKind(name: type.kind, version: version)
    let upcasters = type.upcasters
    steps = (version..<type.version).compactMap { upcasters[$0] }
  }

  /// - Throws: `UndecodablePayload`.
  package func read(_ json: Data) throws -> Payload {
    do {
      let current = try steps.reduce(json) { try $1.convert($0) }
      return try PayloadCoding.decode(Payload.self, from: current)
    } catch {
      throw UndecodablePayload(error, type: Payload.self, isSecret: false)
    }
  }
}
