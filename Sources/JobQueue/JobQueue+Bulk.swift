public import LibpqClient

extension JobQueue {
  /// Enqueues any number of jobs of one kind by COPY, in one transaction and several times as fast
  /// as `enqueueMany`. Payloads are encoded as they are sent, so memory does not grow with their
  /// number.
  ///
  /// Needs the rights of the schema's owner: COPY goes straight into the log.
  ///
  /// - Parameter connection: the caller's connection with its open transaction; without it the jobs
  ///   are committed on return.
  /// - Returns: how many were enqueued.
  /// - Throws: as `enqueue`; payloads over 1 MiB are refused whatever the queue's own limit is.
  @discardableResult
  public func enqueueBulk<Jobs: Sequence & Sendable>(
    _ jobs: Jobs, queue: String? = nil, priority: JobPriority? = nil,
    in connection: Connection? = nil
  ) async throws -> Int where Jobs.Element: JobPayload {
    let options = Jobs.Element.options
    let name = queue ?? options.queue
    let band = priority ?? options.priority
    return try await mappingQueueErrors {
      if let connection { return try await copy(jobs, to: name, band, on: connection) }
      return try await pool.withTransaction { try await copy(jobs, to: name, band, on: $0) }
    }
  }

  private func copy<Jobs: Sequence & Sendable>(
    _ jobs: Jobs, to queue: String, _ band: JobPriority, on connection: Connection
  ) async throws -> Int where Jobs.Element: JobPayload {
    let target = try await connection.query(
      "select partition, segment, lane from \(sql("copy_target"))($1, $2)",
      [queue, band.rawValue])
    let partition = try target[0, 0].decode(String.self)
    let chunks = BulkChunks(
      jobs: jobs, stored: { try self.stored($0, in: queue) }, segment: try target[0, 1].decode(),
      lane: try target[0, 2].decode())
    let count = try await connection.copyIn(
      "copy \(partition) (segment, lane, kind, payload) from stdin (format binary)", chunks)
    try await connection.query("select \(sql("wake_queue"))($1)", [queue])
    return count
  }
}

/// Jobs as the chunks of a binary COPY, about 64 KB each.
private struct BulkChunks<Jobs: Sequence>: AsyncSequence where Jobs.Element: JobPayload {
  static var chunkSize: Int { 64 * 1024 }
  static var largestPayload: Int { 1 << 20 }

  let jobs: Jobs
  /// The JSON of a payload as it is stored.
  let stored: (Jobs.Element) throws -> String
  let segment: Int32
  let lane: Int32

  func makeAsyncIterator() -> Iterator {
    Iterator(jobs: jobs.makeIterator(), stored: stored, segment: segment, lane: lane)
  }

  struct Iterator: AsyncIteratorProtocol {
    var jobs: Jobs.Iterator
    let stored: (Jobs.Element) throws -> String
    let segment: Int32
    let lane: Int32
    private let kind = Jobs.Element.storedKind.description
    private var writer = CopyBinaryWriter(columns: 4)
    private var isFinished = false

    init(
      jobs: Jobs.Iterator, stored: @escaping (Jobs.Element) throws -> String, segment: Int32,
      lane: Int32
    ) {
      self.jobs = jobs
      self.stored = stored
      self.segment = segment
      self.lane = lane
    }

    mutating func next() async throws -> [UInt8]? {
      if isFinished { return nil }
      while writer.count < BulkChunks.chunkSize {
        guard let job = jobs.next() else {
          isFinished = true
          return writer.finish()
        }
        let json = try stored(job)
        guard json.utf8.count <= BulkChunks.largestPayload else {
          throw JobQueueError.tooLarge(bytes: json.utf8.count, limit: BulkChunks.largestPayload)
        }
        try writer.append(row: [segment, lane, kind, JSONText(json)])
      }
      return writer.takeChunk()
    }
  }
}

extension JobQueueError {
  fileprivate static func tooLarge(bytes: Int, limit: Int) -> JobQueueError {
    JobQueueError(
      .payloadTooLarge, "a job's payload may have \(limit) bytes, got: \(bytes) bytes",
      hint: "Store the data in a table of your own and enqueue its key.")
  }
}
