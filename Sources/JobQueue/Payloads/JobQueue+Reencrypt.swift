import Foundation
import LibpqClient

/// What `JobQueue.reencrypt` has done.
public struct ReencryptedPayloads: Sendable, Hashable, Codable {
  /// Payloads that are now encrypted under the current key.
  public var changed: Int
  /// Jobs that were promoted, retried or changed between reading and writing. Those keep their key.
  public var moved: Int
  /// Payloads that could not be opened, by the reason.
  public var failed: [String: Int]

  public init(changed: Int = 0, moved: Int = 0, failed: [String: Int] = [:]) {
    self.changed = changed
    self.moved = moved
    self.failed = failed
  }
}

extension JobQueue {
  /// Encrypts the payloads of deferred, parked and dead jobs, of steps that are not enqueued yet and of
  /// schedules under the current key, after a new one was made current. Writes one row a payload, 1000 in a transaction; interrupted, it may simply be
  /// run again.
  ///
  /// Jobs in the log – waiting or running – keep their key until they have run.
  /// `checkPayloads` of JobWorker says which keys are still in use.
  ///
  /// - Parameter kinds: of these also payloads in plain text are encrypted, for a kind that was not
  ///   encrypted before. Default: none.
  /// - Throws: `PayloadEncryptionError` where this queue was given no cipher, `DatabaseError`.
  @discardableResult
  public func reencrypt(
    alsoPlain kinds: [any JobPayload.Type] = []
  ) async throws -> ReencryptedPayloads {
    guard let cipher else { throw PayloadEncryptionError(.noKeys(kind: "any")) }
    let plainKinds = Set(kinds.map { $0.kind })
    var done = ReencryptedPayloads()
    try await withRowPayloads { page in
      var renewed: [(old: StoredPayload, json: String)] = []
      for payload in page {
        do {
          guard let json = try payload.renewed(by: cipher, plainKinds) else { continue }
          renewed.append((payload, json))
        } catch let error as PayloadEncryptionError {
          done.failed["\(error)", default: 0] += 1
        }
      }
      let changed = try await replace(renewed)
      done.changed += changed
      done.moved += renewed.count - changed
    }
    return done
  }

  private func replace(_ payloads: [(old: StoredPayload, json: String)]) async throws -> Int {
    if payloads.isEmpty { return 0 }
    return try await run(
      """
      select count(*) filter (where \(sql("replace_payload"))(state, id, old::jsonb, new::jsonb)) \
      from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) p (state, id, old, new)
      """,
      [
        payloads.map(\.old.state.rawValue), payloads.map(\.old.id), payloads.map(\.old.json),
        payloads.map(\.json),
      ]
    )[0, 0].decode(Int.self)
  }
}

extension StoredPayload {
  /// The payload under the cipher's current key; nil where nothing is to be done.
  fileprivate func renewed(by cipher: any PayloadCipher, _ plainKinds: Set<String>) throws
    -> String?
  {
    let context = SealedPayload.context(kind: kind, queue: queue)
    let plain: Data
    if let sealed = try SealedPayload(stored: Data(json.utf8)) {
      if sealed.key == cipher.currentKey { return nil }
      plain = try cipher.open(sealed, authenticating: context)
    } else if plainKinds.contains(StoredKind(kind).name) {
      plain = Data(json.utf8)
    } else {
      return nil
    }
    return try cipher.seal(plain, authenticating: context).stored()
  }
}
