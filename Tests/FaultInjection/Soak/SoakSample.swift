import FoundationEssentials
import LibpqClient

/// What was measured at one moment of a soak.
package struct SoakSample: Sendable {
  package struct Table: Sendable {
    package let name: String
    package let bytes: Int64
    package let deadTuples: Int64
  }

  /// Since the load began.
  package var minute: Double
  /// Resident memory of the worker that is never restarted, in KiB.
  package var lastingWorkerKiB: Double?
  /// Of each other worker, and of each producer.
  package var workersKiB: [Double] = []
  package var producersKiB: [Double] = []
  /// From enqueue to settle in the time since the sample before, in milliseconds.
  package var p50: Double?
  package var p99: Double?
  package var probes: Int64 = 0
  package var settled: Int64 = 0
  /// The queue's tables; the segments of a journal are one.
  package var tables: [Table] = []
}

/// Takes samples, each of what came since the one before.
struct SoakSampler {
  private var lastAct: Int64 = 0

  mutating func sample(
    minute: Double, memory: (lasting: Double?, workers: [Double], producers: [Double]),
    on connection: Connection
  ) async throws -> SoakSample {
    var sample = SoakSample(
      minute: minute, lastingWorkerKiB: memory.lasting, workersKiB: memory.workers,
      producersKiB: memory.producers)
    let row = try await connection.query(
      """
      with act as materialized (
        select at, ids from chaos.observed
        where seq > $1 and seq <= $2 and what = 'settled'),
      settled as materialized (select a.at, i.id from act a, unnest(a.ids) i (id))
      select percentile_cont(array[0.5, 0.99]) within group (
          order by extract(epoch from s.at - p.at)::float8 * 1000), count(*),
        (select count(*) from settled)
      from settled s join public.probe p on p.job = s.id
      """, [lastAct, try await newestAct(connection)])[0]
    if let times = try row[0].decode([Double]?.self) {
      (sample.p50, sample.p99) = (times[0], times[1])
    }
    sample.probes = try row[1].decode()
    sample.settled = try row[2].decode()
    sample.tables = try await tables(connection)
    return sample
  }

  private mutating func newestAct(_ connection: Connection) async throws -> Int64 {
    let newest: Int64 = try await connection.query(
      "select coalesce(max(seq), 0) from chaos.observed")[0, 0].decode()
    defer { lastAct = newest }
    return newest
  }

  private func tables(_ connection: Connection) async throws -> [SoakSample.Table] {
    try await connection.query(
      """
      select regexp_replace(c.relname, '_[0-9]+$', '') as name,
        sum(pg_total_relation_size(c.oid))::bigint, coalesce(sum(s.n_dead_tup), 0)::bigint
      from pg_class c left join pg_stat_all_tables s on s.relid = c.oid
      where c.relnamespace = 'ong'::regnamespace and c.relkind = 'r' group by 1 order by 1
      """
    ).map {
      SoakSample.Table(
        name: try $0[0].decode(), bytes: try $0[1].decode(), deadTuples: try $0[2].decode())
    }
  }
}

/// The resident memory of a process in KiB; nil where it is gone.
func residentKiB(of process: Int32) -> Double? {
  guard let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8) else {
    return nil
  }
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) }
  return pages.map { $0 * 4 }
}
