import Foundation
import LibpqClient

/// What `JobQueue.reencrypt` has done.
public struct ReencryptedPayloads: Sendable, Hashable, Codable {
  /// Payloads that are now encrypted under the current key.
  public var changed: Int
  /// Jobs that were claimed, promoted, retried or changed between reading and writing. Those keep their key.
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
  /// Encrypts all payloads that are still to be run under the current key, after a new one was made
  /// current: of jobs that wait, are deferred, parked or dead, of what a later enqueue under a
  /// unique key will replace them by, of steps that are not enqueued yet and of schedules. Workers may
  /// go on; interrupted, it may simply be run again.
  ///
  /// Tables are changed row by row, a page of at most 1000 in a transaction. Jobs that wait in the log are written
  /// again at the end of their band, together with those before them, 2000 in a transaction.
  ///
  /// Jobs that run keep their key, and so do those that are enqueued or moved meanwhile:
  /// `encryptionKeys` says which keys are still in use.
  ///
  /// - Parameters:
  ///   - kinds: of these also payloads in plain text are encrypted, for a kind that was not
  ///     encrypted before. Default: none.
  ///   - progress: told after each page what was done so far.
  /// - Throws: `PayloadEncryptionError` where this queue was given no cipher, `DatabaseError`.
  @discardableResult
  public func reencrypt(
    alsoPlain kinds: [any JobPayload.Type] = [],
    progress: (ReencryptedPayloads) -> Void = { _ in }
  ) async throws -> ReencryptedPayloads {
    guard let cipher else { throw PayloadEncryptionError(.noKeys(kind: "any")) }
    let plainKinds = Set(kinds.map { $0.kind })
    var done = ReencryptedPayloads()
    try await withPayloadsToChange(isSealed: plainKinds.isEmpty) { page in
      var renewed: [RenewedPayload] = []
      for payload in page where payload.state != .running {
        do {
          guard let json = try payload.renewed(by: cipher, plainKinds) else { continue }
          renewed.append(RenewedPayload(old: payload, json: json))
        } catch let error as PayloadEncryptionError {
          done.failed["\(error)", default: 0] += 1
        }
      }
      let changed = try await replace(renewed)
      done.changed += changed
      done.moved += renewed.count - changed
      progress(done)
    }
    return done
  }

  /// How many of these have the new payload now.
  private func replace(_ payloads: [RenewedPayload]) async throws -> Int {
    if payloads.isEmpty { return 0 }
    let replaced = try await run(
      """
      select \(sql("replace_payload"))(state, id, old::jsonb, new::jsonb) \
      from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) \
        with ordinality p (state, id, old, new, place) order by p.place
      """,
      [
        payloads.map(\.old.state.rawValue), payloads.map(\.old.id), payloads.map(\.old.json),
        payloads.map(\.json),
      ]
    ).map { try $0[0].decode(Bool.self) }
    let inLog = zip(payloads, replaced).filter { !$1 }.map(\.0).filter { $0.lane != nil }
    var count = replaced.count { $0 }
    for (_, jobs) in Dictionary(grouping: inLog, by: \.lane) { count += try await renew(jobs) }
    return count
  }

  /// Jobs that wait in the log, in one lane.
  private func renew(_ jobs: [RenewedPayload]) async throws -> Int {
    var count = 0
    while true {
      let step = try await run(
        "select * from \(sql("renew_waiting"))($1::text[], $2::text[]::jsonb[], $3::text[]::jsonb[])",
        [jobs.map(\.old.place), jobs.map(\.old.json), jobs.map(\.json)]
      )[0]
      count += try step["renewed"].decode(Int.self)
      if try step["is_done"].decode(Bool.self) { return count }
    }
  }
}

private struct RenewedPayload {
  var old: StoredPayload
  var json: String

  /// Of a job that waits in the log.
  var lane: Substring? {
    guard old.state == .waiting, let lane = old.place.split(separator: "/").first,
      let number = Int32(lane), number < StoredPayload.firstTable
    else { return nil }
    return lane
  }
}

extension StoredPayload {
  /// The least number that begins the place of a payload in a table; below it are lanes of the log.
  fileprivate static let firstTable: Int32 = 2_147_483_644

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
