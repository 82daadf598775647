import Benchmark
import HotPieces

// Times are for one iteration, throughput is iterations a second: the tool divides by the scaling
// factor. An iteration of the slots is 20 claims of 1000 jobs: 1 ms are 50 ns a job.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .instructions], scalingFactor: .kilo,
    maxDuration: .seconds(2))
  let pieces = HotPieces()

  Benchmark("payload decode") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try pieces.decodePayload()) }
  }
  Benchmark("payload encode") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try pieces.encodePayload()) }
  }
  Benchmark("meta decode") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try pieces.decodeMeta()) }
  }
  Benchmark("retry backoff") { benchmark in
    var generator = SystemRandomNumberGenerator()
    for _ in benchmark.scaledIterations { blackHole(pieces.retryDelay(&generator)) }
  }
  Benchmark("row of a claim, as the worker reads it") { benchmark in
    for row in benchmark.scaledIterations { blackHole(pieces.readRow(row)) }
  }
  Benchmark("row of a claim, by decode") { benchmark in
    for row in benchmark.scaledIterations { blackHole(try pieces.decodeRow(row)) }
  }
  for handling in Slots.Handling.allCases {
    for count in [16, 64, 1024] {
      let slots = Slots(count: count, handling)
      Benchmark(
        "20 claims of 1000 \(handling) jobs through \(count) slots",
        configuration: .init(
          metrics: [.wallClock, .throughput, .instructions], scalingFactor: .one,
          maxDuration: .seconds(2))
      ) { benchmark in
        for _ in benchmark.scaledIterations {
          for _ in 0..<20 { await slots.runClaim() }
        }
      }
    }
  }
}
