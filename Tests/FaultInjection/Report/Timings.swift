import LibpqClient

/// How long it took until what was hurt worked again.
package struct Timings: Sendable {
  /// Milliseconds from the kill of a worker to its rescue, the server being there all that time.
  package let rescue: Spread?
  /// The slowest of these, slowest first, with what else was done to the run meanwhile.
  package let slowestRescues: [Slow]
  /// The same for all killed workers, whatever the server went through meanwhile.
  package let rescueThroughOutages: Spread?
  /// Milliseconds from the end of a fault of the server to the next job that any worker begins.
  package let recovery: Spread?

  /// A rescue that took long.
  package struct Slow: Sendable {
    package let milliseconds: Double
    /// Seconds since 1970 of the kill.
    package let at: Double
    /// Where the killed worker ran.
    let place: Member.Place
    /// Faults that overlap it, in the order of their beginnings.
    package let beside: [FaultKind]
  }

  private static let slowestCount = 5

  init(
    _ kills: [Fleet.Kill], _ faults: [FaultLog.Entry], _ recorded: Recorded,
    in connection: Connection
  ) async throws {
    let outages = faults.filter { $0.kind.lane == .server }
    let rescues = try await Self.rescues(of: kills, in: connection)
    rescueThroughOutages = Spread(rescues.map(\.time.milliseconds))
    let free = rescues.filter { rescue in !outages.contains { $0.wall.overlaps(rescue.time) } }
    rescue = Spread(free.map(\.time.milliseconds))
    let slowest = free.sorted { $0.time.milliseconds > $1.time.milliseconds }
    slowestRescues = slowest.prefix(Self.slowestCount).map { rescue in
      let beside = faults.filter { $0.wall.overlaps(rescue.time) }.sorted { $0.from < $1.from }
      return Slow(
        milliseconds: rescue.time.milliseconds, at: rescue.time.lowerBound,
        place: rescue.place, beside: beside.map(\.kind))
    }
    recovery = Spread(
      outages.compactMap { outage in
        recorded.firstStart(after: outage.to).map { Double($0 - outage.to) / 1e6 }
      })
  }

  private struct Rescue {
    let place: Member.Place
    /// From the kill to the rescue, in seconds since 1970.
    let time: ClosedRange<Double>
  }

  /// A process that had not registered yet, or whose registration a crash of the server took back, has
  /// none.
  private static func rescues(
    of kills: [Fleet.Kill], in connection: Connection
  ) async throws -> [Rescue] {
    let rows = try await connection.query(
      """
      select pid, extract(epoch from started_at)::float8, extract(epoch from ended_at)::float8
      from worker where ending = 'rescued'
      """)
    var lives: [Int32: [ClosedRange<Double>]] = [:]
    for row in rows {
      let (start, end) = (try row[1].decode(Double.self), try row[2].decode(Double.self))
      lives[try row[0].decode(), default: []].append(start...max(start, end))
    }
    return kills.compactMap { kill in
      lives[kill.process]?.first { $0.contains(kill.at) }.map {
        Rescue(place: kill.place, time: kill.at...$0.upperBound)
      }
    }
  }
}

extension ClosedRange<Double> {
  /// Of a range of seconds.
  fileprivate var milliseconds: Double { (upperBound - lowerBound) * 1000 }
}

extension Recorded {
  /// When the first handler after a time began; nil where none did.
  package func firstStart(after time: Int64) -> Int64? {
    var range = starts.startIndex..<starts.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if starts[middle].time < time {
        range = (middle + 1)..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return range.lowerBound < starts.endIndex ? starts[range.lowerBound].time : nil
  }
}
