/// How a soak is made.
package struct SoakOptions: Sendable {
  /// How long the load lasts. Default: 3600.
  package var seconds: Double = 3600
  package var seed: UInt64 = 1
  /// Jobs a second of all producers together. Default: 150.
  package var rate: Double = 150
  /// Workers that are restarted, beside the one that is not. Default: 3.
  package var workers = 3
  /// Each of those workers is restarted once in so many seconds. Default: 60.
  package var deployEvery: Double = 60
  package var isJSON = false
  package var keepsFolder = false

  /// Between two samples: a minute, or a thirtieth of a short run.
  package var sampleEvery: Double { min(60, max(2, seconds / 30)) }
  /// How long events, results and workflows are kept, so that a run sees many times of it.
  package var retention: Int { Int(max(5, min(300, seconds / 12))) }

  package init() {}

  package static let usage = """
    usage: soak [--seconds N] [--seed S] [--rate N] [--workers N] [--json] [--keep]

    Runs workers and producers with all features of the queue against a server of its own, restarts
    each worker but one by SIGTERM every minute, and measures memory, latency and the size of every
    table. Exit status: 0 when all is well, 1 when something grows, is lost or is broken, 2 when the
    run could not be made.

      --seconds N   how long the load lasts (3600)
      --seed S      what the producers enqueue (1)
      --rate N      jobs a second (150)
      --workers N   workers that are restarted, beside one that is not (3)
      --json        prints the report as JSON
      --keep        leaves the folder of the run behind
    """

  /// Throws `ChaosError` with what is wrong.
  package init(arguments: [String]) throws {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--json": isJSON = true
      case "--keep": keepsFolder = true
      case "--seconds": seconds = try rest.takeNumber(after: option)
      case "--seed": seed = try rest.takeNumber(after: option)
      case "--rate": rate = try rest.takeNumber(after: option)
      case "--workers": workers = try rest.takeNumber(after: option)
      default: throw ChaosError("there is no option \(option)")
      }
    }
    guard rate > 0, seconds >= 5, workers >= 1 else {
      throw ChaosError("expected a rate above 0, 5 seconds and one worker at least")
    }
  }
}
