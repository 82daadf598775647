import FoundationEssentials

extension ChaosOptions {
  package static let usage = """
    usage: chaos [--seconds N] [--seed S] [--json] [--jobs N] [--rate N] [--kills N]
                 [--server-crashes N] [--only FAULT,...] [--without FAULT,...] [--keep]

    Runs workers and producers against a server of its own, hurts all of them, and checks that
    nothing was lost and nothing accepted twice. Exit status: 0 when every invariant held, 1 when
    one was broken, 2 when the run could not be made.

      --seconds N         how long load and faults last (60)
      --seed S            repeats the faults and the load of a run
      --json              prints the report as JSON
      --jobs N            goes on until N jobs are enqueued
      --rate N            jobs a second (300; 900 with --jobs)
      --kills N           kill -9 of single workers, instead of one in 3 s
      --server-crashes N  crashes of the server: half of them immediate stops, half of them
                          kills of one server process
      --only, --without   names of faults, separated by commas
      --keep              leaves the folder of the run behind
    faults: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", "))
    """

  /// Throws `ChaosError` with what is wrong.
  package init(arguments: [String]) throws {
    self.init()
    var rest = arguments[...]
    var seconds: Double?
    var rate: Double?
    while let option = rest.popFirst() {
      switch option {
      case "--json": isJSON = true
      case "--keep": keepsFolder = true
      case "--seconds": seconds = try rest.takeNumber(after: option)
      case "--seed": seed = try rest.takeNumber(after: option)
      case "--jobs": jobs = try rest.takeNumber(after: option)
      case "--rate": rate = try rest.takeNumber(after: option)
      case "--kills": counts[.killWorker] = try rest.takeNumber(after: option)
      case "--server-crashes":
        let count: Int = try rest.takeNumber(after: option)
        counts[.restartServer] = (count + 1) / 2
        counts[.killBackend] = count / 2
      case "--only": kinds = try Self.faults(option, &rest)
      case "--without":
        let left = try Self.faults(option, &rest)
        kinds.removeAll { left.contains($0) }
      default: throw ChaosError("there is no option \(option)")
      }
    }
    self.rate = rate ?? (jobs > 0 ? 900 : 300)
    self.seconds = seconds ?? (jobs > 0 ? Double(jobs) / self.rate : 60)
    patience = .seconds(120) + .milliseconds(jobs)
    guard self.rate > 0, self.seconds >= 5 else {
      throw ChaosError("expected a rate above 0 and 5 seconds at least")
    }
  }

  /// What repeats the run.
  var arguments: String {
    var words = ["--seed \(seed)", "--seconds \(Int(seconds))", "--rate \(Int(rate))"]
    if jobs > 0 { words.append("--jobs \(jobs)") }
    if let kills = counts[.killWorker] { words.append("--kills \(kills)") }
    if let stops = counts[.restartServer] {
      words.append("--server-crashes \(stops + counts[.killBackend, default: 0])")
    }
    if kinds != FaultKind.allCases {
      words.append("--only " + kinds.map(\.rawValue).joined(separator: ","))
    }
    return words.joined(separator: " ")
  }

  private static func faults(
    _ option: String, _ rest: inout ArraySlice<String>
  ) throws -> [FaultKind] {
    try (rest.popFirst() ?? "").split(separator: ",").map { name in
      guard let kind = FaultKind(rawValue: String(name)) else {
        throw ChaosError("there is no fault \(name), see --help")
      }
      return kind
    }
  }
}
