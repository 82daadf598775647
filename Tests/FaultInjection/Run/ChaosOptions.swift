/// How a run is made.
package struct ChaosOptions: Sendable {
  /// How long load and faults last. Default: 60; with `jobs` as long as those take at `rate`.
  package var seconds: Double = 60
  /// Repeats the plan of faults, the choice of victims and the jobs. Default: random.
  package var seed = UInt64.random(in: 0...UInt64(UInt32.max))
  /// The load goes on until so many jobs are enqueued, about. Default: 0, `seconds` alone.
  package var jobs = 0
  /// Jobs a second of all producers together. Default: 300; 900 with `jobs`.
  package var rate: Double = 300
  /// Single workers, beside the one in the process group. Default: 5.
  package var workers = 5
  /// Jobs that a worker runs at a time, of each queue. Default: 4.
  package var slots = 4
  /// Instead of as many as the seconds give.
  package var counts: [FaultKind: Int] = [:]
  /// Default: all.
  package var kinds = FaultKind.allCases
  /// How long what is left at the end may take. Default: 120 s, and 1 ms for each of `jobs`.
  package var patience = Duration.seconds(120)
  package var isJSON = false
  /// Leaves the folder of the run, with the journals and the logs, behind.
  package var keepsFolder = false

  package init() {}
}
