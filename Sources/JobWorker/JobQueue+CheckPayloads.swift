import Foundation
public import JobQueue

extension JobQueue {
  /// Reads the payload of every job that waits, runs, is deferred, parked or dead, of every step that
  /// is not enqueued yet and of every schedule, as the handlers in `registry` would: decrypted, lifted to today's version, decoded. Run it with the *new* program
  /// before a deploy, and do not deploy where the report does not pass.
  ///
  /// Exact as of one moment; jobs that are enqueued later are not seen. Needs the rights of a
  /// reader. Memory is bounded whatever the number of jobs; rotation of the log waits meanwhile.
  ///
  /// - Throws: `DatabaseError` when the server can't be reached.
  public func checkPayloads(with registry: JobRegistry) async throws -> PayloadReport {
    var check = PayloadCheck(registry)
    try await withPayloads { page in
      for payload in page { check.look(at: payload) }
    }
    return check.report
  }
}

/// The sum of what was looked at.
struct PayloadCheck {
  private static let examples = 5

  private let registry: JobRegistry
  /// The versions that are registered, by the kind's name.
  private let versions: [String: [Int]]
  private var kinds: [String: PayloadReport.Kind] = [:]
  private var encryptionKeys: [String: Int] = [:]

  init(_ registry: JobRegistry) {
    self.registry = registry
    versions = Dictionary(grouping: registry.kinds.values.map(\.stored), by: \.name)
      .mapValues { $0.map(\.version).sorted() }
  }

  var report: PayloadReport {
    let sorted = kinds.values.sorted { $0.kind < $1.kind }
    return PayloadReport(
      kinds: sorted.filter { isKnown($0.kind) }, unknownKinds: sorted.filter { !isKnown($0.kind) },
      encryptionKeys: encryptionKeys)
  }

  mutating func look(at payload: StoredPayload) {
    let json = Data(payload.json.utf8)
    if let sealed = try? SealedPayload(stored: json) { encryptionKeys[sealed.key, default: 0] += 1 }
    let error = failure(of: json, payload)
    var kind = kinds[payload.kind] ?? PayloadReport.Kind(kind: payload.kind)
    kind.jobs[payload.state, default: 0] += 1
    if let error {
      kind.failing += 1
      if kind.examples.count < Self.examples {
        kind.examples.append(
          .init(id: payload.id, queue: payload.queue, state: payload.state, error: error))
      }
    }
    kinds[payload.kind] = kind
  }

  /// Why the payload would not decode; nil where it would, or where the kind is not ours to judge.
  private func failure(of json: Data, _ payload: StoredPayload) -> String? {
    guard let kind = registry.kinds[payload.kind] else { return missingVersion(payload.kind) }
    do {
      try kind.check(json, payload.queue)
      return nil
    } catch {
      return ErrorText.bounded("\(error)")
    }
  }

  private func missingVersion(_ kind: String) -> String? {
    let stored = StoredKind(kind)
    guard let known = versions[stored.name], let oldest = known.first, let newest = known.last
    else { return nil }
    let got = "got: version \(stored.version)"
    return stored.version > newest
      ? "expected version \(newest) or older, \(got), written by a newer program"
      : "expected version \(oldest) or newer, \(got), for which there is no upcaster"
  }

  private func isKnown(_ kind: String) -> Bool { versions[StoredKind(kind).name] != nil }
}
