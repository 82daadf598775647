import Foundation
import LibpqClient

/// What `enqueueBulk` is asked for.
struct Bulk<Jobs: Sequence & Sendable> where Jobs.Element: JobPayload {
  var jobs: PeekedJobs<Jobs>
  var queue: String
  var priority: JobPriority
  var key: (@Sendable (Jobs.Element) -> String?)?
  var unique: (@Sendable (Jobs.Element) -> JobUniqueness?)?
  var expires: JobExpiry?
  var tags: [String]
  var trace: TraceContext?

  var isUnique: Bool { unique != nil || jobs.first?.uniqueness != nil }
}

/// Jobs of which the first has been looked at: a sequence may be read only once.
struct PeekedJobs<Jobs: Sequence> {
  let first: Jobs.Element?
  let rest: Jobs.Iterator

  init(_ jobs: Jobs) {
    var iterator = jobs.makeIterator()
    first = iterator.next()
    rest = iterator
  }
}

/// Jobs as the chunks of a binary COPY, about 64 KB each.
struct BulkChunks<Jobs: Sequence>: AsyncSequence where Jobs.Element: JobPayload {
  static var chunkSize: Int { 64 * 1024 }
  static var largestPayload: Int { 1 << 20 }

  let jobs: PeekedJobs<Jobs>
  let payloads: StoredPayloads
  /// With what all rows share.
  let writer: CopyBinaryWriter
  /// A row's own values, from a job and its JSON.
  let row: (Jobs.Element, StoredJSON) throws -> [any SQLParameter]

  func makeAsyncIterator() -> Iterator { Iterator(self) }

  struct Iterator: AsyncIteratorProtocol {
    private var first: Jobs.Element?
    private var rest: Jobs.Iterator
    private let payloads: StoredPayloads
    private let row: (Jobs.Element, StoredJSON) throws -> [any SQLParameter]
    private var writer: CopyBinaryWriter
    private var isFinished = false

    init(_ chunks: BulkChunks) {
      first = chunks.jobs.first
      rest = chunks.jobs.rest
      payloads = chunks.payloads
      row = chunks.row
      writer = chunks.writer
    }

    mutating func next() async throws -> [UInt8]? {
      if isFinished { return nil }
      while writer.count < BulkChunks.chunkSize {
        guard let job = first ?? rest.next() else {
          isFinished = true
          return writer.finish()
        }
        first = nil
        let json = try payloads.json(of: job)
        guard json.utf8.count <= BulkChunks.largestPayload else {
          throw JobQueueError.tooLarge(bytes: json.utf8.count, limit: BulkChunks.largestPayload)
        }
        try writer.append(row: try row(job, json))
      }
      return writer.takeChunk()
    }
  }
}

/// The type `interval` in a binary COPY.
struct IntervalValue: SQLParameter {
  static var sqlType: SQLType { .interval }

  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  func encode(into encoder: inout SQLEncoder) throws {
    encoder.write(Int64((duration.inSeconds * 1_000_000).rounded()))
    encoder.write(Int32(0))  // days
    encoder.write(Int32(0))  // months
  }
}

/// A payload's JSON as the log keeps it.
struct StoredJSON: SQLParameter {
  static var sqlType: SQLType { .json }

  let utf8: [UInt8]

  func encode(into encoder: inout SQLEncoder) { encoder.write(utf8) }

  /// As everything but the log keeps it.
  var jsonb: JSONText { JSONText(String(decoding: utf8, as: UTF8.self)) }

  /// A string in it has the character U+0000, which json lets pass and jsonb does not.
  var holdsNUL: Bool {
    utf8.withUnsafeBytes { bytes in
      let escape = "u0000".utf8
      var rest = bytes[...]
      while let backslash = rest.firstBackslash {
        rest = rest[(backslash + 1)...]
        if rest.starts(with: escape) { return true }
        rest = rest.dropFirst()  // what is escaped, perhaps a backslash
      }
      return false
    }
  }
}

/// Encodes payloads for one queue, one after the other.
struct StoredPayloads {
  let queue: String
  let cipher: (any PayloadCipher)?
  private let writer = PayloadCoding.Writer()

  func json<Payload: JobPayload>(of payload: Payload) throws -> StoredJSON {
    guard Payload.isEncrypted else { return StoredJSON(utf8: try writer.encode(payload)) }
    return StoredJSON(utf8: [UInt8](try payload.stored(in: queue, cipher: cipher).utf8))
  }
}

extension Slice<UnsafeRawBufferPointer> {
  /// Nearly every payload has none, and memchr sees that at once.
  fileprivate var firstBackslash: Int? {
    let bytes = UnsafeRawBufferPointer(rebasing: self)
    guard let start = bytes.baseAddress,
      let found = memchr(start, Int32(UInt8(ascii: "\\")), bytes.count)
    else { return nil }
    return startIndex + (UnsafeRawPointer(found) - start)
  }
}

extension JobQueueError {
  static var payloadWithNUL: JobQueueError {
    JobQueueError(
      .invalidPayload, "a payload has text with the character U+0000, which PostgreSQL cannot hold",
      hint: "Leave the character out, or encode the text, for example as Base64.")
  }

  static func tooLarge(bytes: Int, limit: Int) -> JobQueueError {
    JobQueueError(
      .payloadTooLarge, "a job's payload may have \(limit) bytes, got: \(bytes) bytes",
      hint: "Store the data in a table of your own and enqueue its key.")
  }

  static var lateUniqueness: JobQueueError {
    JobQueueError(
      .badArgument, "a job has a unique key although the first one of its bulk has none",
      hint: "Say what is unique by the parameter unique of enqueueBulk.")
  }
}
