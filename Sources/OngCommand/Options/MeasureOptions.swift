import ArgumentParser
import LibpqClient
import QueueBenchmark

/// How `ong bench` measures; see `BenchmarkSettings` for what is left out.
struct MeasureOptions: ParsableArguments {
  @Option(help: "Jobs of each drain and each COPY. Default: 200000.") var jobs: Int?
  @Option(help: "Most jobs of one claim. Default: 1000.") var batch: Int?
  @Option(help: "Jobs at a time in a worker. Default: 16.") var slots: Int?
  @Option(help: "Workers, all in one process. Default: 1.") var workers: Int?
  @Option(help: "Processes of 'drain' that hold --workers each. Default: 0, they are in this one.")
  var processes: Int?
  @Option(help: "Producers of 'sustained'. Default: 2.") var producers: Int?
  @Option(
    help: ArgumentHelp(
      "A pooler in transaction mode before the same server, through which the workers claim.",
      discussion: "It must let in to databases that it does not know yet.", valueName: "url"))
  var pooler: String?
  @Option(help: "Whether the payload is decoded for the handler.")
  var payload = BenchmarkSettings.Payload.typed
  @Option(help: "Bytes of a payload's JSON. Default: 40.") var payloadBytes: Int?
  @Flag(help: "One call of a handler for up to --batch jobs.") var batchHandler = false
  @Option(help: "How often each system is measured, in turns; the median counts. Default: 3.")
  var rounds: Int?
  @Option(help: "Seconds of what is measured by time.") var seconds: Double?
  @Option(help: "Offered jobs a second of 'sustained' and 'latency'.") var rate: Int?
  @Option(help: "Waiting jobs of 'backlog'; repeatable. Default: 1000000 and 10000000.")
  var backlog: [Int] = []
  @Option(help: "Deferred jobs of 'backlog'. Default: 10000000.") var deferred: Int?
  @Option(help: "Queues that 'queues' spreads its jobs over; repeatable. Default: 100 and 10000.")
  var queues: [Int] = []
  @Option(help: "Keys of the FIFO queue of 'limits'. Default: 1000.") var keys: Int?

  func validate() throws {
    do {
      try settings().validate()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func settings() -> BenchmarkSettings {
    var settings = BenchmarkSettings()
    settings.jobs = jobs ?? settings.jobs
    settings.batch = batch ?? settings.batch
    settings.slots = slots ?? settings.slots
    settings.workers = workers ?? settings.workers
    settings.processes = processes ?? settings.processes
    settings.producers = producers ?? settings.producers
    settings.pooler = pooler.map {
      var pooler = ConnectionConfiguration($0)
      pooler.pooling = .transaction
      return pooler
    }
    settings.payload = payload
    settings.payloadBytes = payloadBytes ?? settings.payloadBytes
    settings.batchHandler = batchHandler
    settings.rounds = rounds ?? settings.rounds
    settings.seconds = seconds
    settings.rate = rate
    if !backlog.isEmpty { settings.backlog = backlog }
    settings.deferred = deferred ?? settings.deferred
    if !queues.isEmpty { settings.queues = queues }
    settings.keys = keys ?? settings.keys
    return settings
  }
}
