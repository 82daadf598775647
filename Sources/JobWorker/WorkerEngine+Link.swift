import Foundation
import JobQueue
import LibpqClient
import Logging
import QueueSchema

// The claiming connection: made, confirmed, lost, made again.
extension WorkerEngine {
  private static let stepTimeout = Duration.seconds(10)

  /// Opens the first connection and checks what can't mend itself: the schema and the log-in.
  /// A server that is not there yet, or can't take a worker yet, is waited for.
  func openFirst() async throws {
    var backoff = Backoff(cap: .seconds(3))
    var outage = OutageLog()
    while !shutdown.isOver {
      do {
        let connection = try await openConnection("claim")
        try await Migrator(connection, set: .queue, schema: settings.schema).check()
        try await attach(connection)
        return
      } catch let error as DatabaseError where error.mayPass {
        logger.log(
          level: outage.level(at: .now), "database not reached, trying again",
          metadata: ["error": "\(error)"])
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  /// Replaces the connection whenever it is lost, until the worker stops.
  func keepLink() async {
    var backoff = Backoff(cap: .seconds(3))
    var outage = OutageLog()
    while !shutdown.isOver {
      if case .up = link {
        await withCheckedContinuation { linkLoss = $0 }
        continue
      }
      do {
        // All of its rounds are answered then, so that the server's word covers them.
        await lostLink?.close()
        lostLink = nil
        try await attach(try await openConnection("claim"))
        backoff.reset()
        outage.end()
        logger.info("connected again", metadata: ["epoch": "\(epoch)"])
      } catch {
        logger.log(
          level: outage.level(at: .now), "database not reached, trying again",
          metadata: ["error": "\(error)"])
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  var isPooled: Bool { database.pooling == .transaction }

  func openConnection(
    _ purpose: String, to server: ConnectionConfiguration? = nil
  ) async throws -> Connection {
    var configuration = server ?? database
    configuration.applicationName = "ong worker \(purpose)"
    return try await Connection.open(configuration, logger: logger)
  }

  /// Makes the connection the one under which this epoch claims.
  private func attach(_ connection: Connection) async throws {
    do {
      // Losing a claim or a result in a server crash only runs a job again. Behind a pooler each
      // transaction says so itself.
      if !isPooled {
        _ = try await connection.query("set synchronous_commit = off", timeout: Self.stepTimeout)
      }
      do {
        try await session == 0 ? register(on: connection) : confirm(on: connection)
      } catch let error as DatabaseError where JobQueueError(error)?.code == .workerDead {
        epochDied()
        try await register(on: connection)
      }
    } catch {
      await connection.close()
      throw error
    }
    // Aborted while this was under way.
    guard !shutdown.isOver else { return await connection.close() }
    link = .up(connection)
    nextHeartbeat = .now
    pump()
  }

  private func register(on connection: Connection) async throws {
    let result = try await connection.query(
      "select \(sql("register_worker"))($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      [
        epoch, settings.host ?? ProcessInfo.processInfo.hostName,
        ProcessInfo.processInfo.processIdentifier, settings.version,
        Int32(settings.queues.values.reduce(0, +)), pools.map(\.queue), shared.kinds.keys.sorted(),
        isPooled, LocalProcess.space,
      ], timeout: Self.stepTimeout)
    session = try result[0, 0].decode(Int32.self)
    shared.renew(epoch, session: session)
    for schedule in schedules {
      try await schedule.declare(
        on: connection, sql: sql, cipher: cipher, timeout: Self.stepTimeout)
    }
    logger.info("worker registered", metadata: ["epoch": "\(epoch)"])
  }

  /// Nothing is claimed on the new connection before the server has said what it still regards as
  /// ours.
  private func confirm(on connection: Connection) async throws {
    let confirmed = try await connection.query(
      "select \(sql("confirm_worker"))($1)", [epoch], timeout: Self.stepTimeout)
    let session = try confirmed[0, 0].decode(Int32.self)
    let rows = try await connection.query(
      "select lane, seq, id from \(sql("open_jobs"))($1, $2)", [epoch, session],
      timeout: Self.stepTimeout)
    self.session = session
    shared.renew(epoch, session: session)
    reconcile(with: try OpenJobs(rows))
  }

  /// Brings what we hold in line with what the server regards as ours.
  private func reconcile(with server: OpenJobs) {
    let now = Moment.now
    var server = server
    var again: [Settlement] = []
    for settlement in unsure + buffer.takeAllPostponed() {
      // A settlement is one transaction: either all of its jobs are still open or none is.
      if let rest = server.take(settlement) { again.append(rest) }
    }
    unsure = []
    buffer.resend(again, at: now)
    for entry in open.values { drop(from: entry.batch, unlessIn: &server, at: now) }
    let unknown = server.remaining.map { Settlement.handingBack($0.value, of: $0.key) }
    buffer.resend(unknown, at: now)
    if !again.isEmpty || !unknown.isEmpty {
      logger.info(
        "results sent again and unknown claims handed back",
        metadata: ["again": "\(again.count)", "unknown": "\(unknown.count)"])
    }
  }

  private func drop(from batch: ClaimedBatch, unlessIn server: inout OpenJobs, at now: Moment) {
    let ours = server.take(batch.key)
    resolveDoubts(of: batch) { ours.contains($0) ? .rolledBack : .committed }
    // A crash of the server takes back what it had taken: results commit asynchronously.
    batch.reopen { ours.contains($0) }
    let running = batch.drop { !ours.contains($0) }
    stopLost(Set(running), in: batch.queue)
    note(batch, at: now)
    if batch.unfinished == 0, !batch.hasUnreported { open[batch.key] = nil }
  }

  private func stopLost(_ ids: Set<Int64>, in queue: Int) {
    guard !ids.isEmpty else { return }
    hasLostJobs = true
    for slot in pools[queue].slots { slot.stopCurrent(.lost) { ids.contains($0) } }
    logger.warning("jobs lost to other workers", metadata: ["running": "\(ids.count)"])
  }

  /// Somebody has declared this worker dead: everything in hand belongs to others. The process
  /// goes on under a new epoch.
  func epochDied() {
    logger.error("declared dead, starting a new epoch", metadata: ["epoch": "\(epoch)"])
    for entry in open.values {
      stopLost(Set(entry.batch.drop { _ in true }), in: entry.batch.queue)
    }
    open = [:]
    unsure = []
    buffer.dropAll()
    served.updateAll { $0.plan.dropAll() }
    epoch = UUID()
    session = 0
    shared.renew(epoch, session: 0)
    resolveDoubts { _ in .lost }
  }

  /// Our claiming connection must be replaced.
  func sessionEnded(_ why: JobQueueError.Code, on connection: Connection) {
    if why == .workerDead { epochDied() }
    loseLink(connection)
  }

  func loseLink(_ connection: Connection) {
    guard case .up(let current) = link, current === connection else { return }
    link = .down
    lostLink = connection
    logger.warning("claiming connection lost", metadata: ["epoch": "\(epoch)"])
    resumeLinkLoss()
  }

  func resumeLinkLoss() {
    linkLoss?.resume()
    linkLoss = nil
  }
}

/// What the server regards as claimed by us and unsettled.
struct OpenJobs {
  private(set) var remaining: [ClaimKey: Set<Int64>] = [:]

  init(_ jobs: [ClaimKey: Set<Int64>]) { remaining = jobs }

  init(_ rows: QueryResult) throws {
    for row in rows {
      let key = ClaimKey(lane: try row[0].decode(), seq: try row[1].decode())
      remaining[key, default: []].insert(try row[2].decode())
    }
  }

  /// The part of a settlement that the server has not got; nil if it has all.
  mutating func take(_ settlement: Settlement) -> Settlement? {
    guard let known = remaining[settlement.key] else { return nil }
    let ids = settlement.ids.filter(known.contains)
    if ids.isEmpty { return nil }
    let others = known.subtracting(ids)
    remaining[settlement.key] = others.isEmpty ? nil : others
    var rest = settlement
    rest.ids = ids
    // A crash of the server may have taken back results of the same claim that it had taken.
    rest.isFinal = settlement.isFinal && others.isEmpty
    rest.isWhole = settlement.isWhole && ids.count == settlement.ids.count
    return rest
  }

  /// All that is open of a claim.
  mutating func take(_ key: ClaimKey) -> Set<Int64> { remaining.removeValue(forKey: key) ?? [] }
}

extension DatabaseError {
  /// The server is away, or can't do it just now; asked again in a while, it may.
  var mayPass: Bool { isRetryable || isConnectionLost || kind == .timeout || isOfServersState }

  /// The server's state refused a statement that is right in itself.
  private var isOfServersState: Bool {
    guard let sqlState else { return false }
    return Self.passingStates.contains(sqlState)
      || Self.passingClasses.contains(String(sqlState.prefix(2)))
  }

  /// By class (PostgreSQL, appendix A): a transaction rolled back by another, too few resources such as a
  /// full disk, an operator's intervention, an error of the system.
  private static let passingClasses: Set<String> = ["40", "53", "57", "58"]

  /// A server that takes no writes, as during a failover; a lock that was not to be had.
  private static let passingStates: Set<String> = ["25006", "55P03"]
}
