import Foundation

/// One kind's payloads under one key.
public struct EncryptionKeyUse: Sendable, Hashable, Codable {
  /// The key's name.
  public var key: String
  /// As it is stored, with its version.
  public var kind: String
  /// Jobs by state; steps of workflows that are not enqueued yet, and schedules.
  public var payloads: [PayloadPlace: Int]
  /// Those of them that this queue's cipher can't open: it lacks the key or has another of its name, or they
  /// were changed. All of them where the queue has no cipher.
  public var unopened: Int

  public init(key: String, kind: String, payloads: [PayloadPlace: Int] = [:], unopened: Int = 0) {
    self.key = key
    self.kind = kind
    self.payloads = payloads
    self.unopened = unopened
  }

  public var total: Int { payloads.values.reduce(0, +) }
}

extension JobQueue {
  /// Which keys the payloads are encrypted under that are still to be run, by key and kind; payloads in
  /// plain text are left out. A key that is not among them is no longer needed. Tries to open each of them.
  ///
  /// Exact as of one moment; rotation of the log waits meanwhile. Needs the rights of a reader.
  public func encryptionKeys() async throws -> [EncryptionKeyUse] {
    var uses: [[String]: EncryptionKeyUse] = [:]
    try await withPayloads(isSealed: true) { page in
      for payload in page {
        let sealed = try? SealedPayload(stored: Data(payload.json.utf8))
        guard let sealed else { continue }
        var use =
          uses[[sealed.key, payload.kind]]
          ?? EncryptionKeyUse(key: sealed.key, kind: payload.kind)
        use.payloads[payload.state, default: 0] += 1
        if !opens(sealed, payload) { use.unopened += 1 }
        uses[[sealed.key, payload.kind]] = use
      }
    }
    return uses.values.sorted { ($0.key, $0.kind) < ($1.key, $1.kind) }
  }

  private func opens(_ sealed: SealedPayload, _ payload: StoredPayload) -> Bool {
    let context = SealedPayload.context(kind: payload.kind, queue: payload.queue)
    return (try? cipher?.open(sealed, authenticating: context)) != nil
  }
}
