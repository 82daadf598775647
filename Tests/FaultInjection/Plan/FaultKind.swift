/// What can be done to a queue at work. The raw value is the name in reports and on the command line.
package enum FaultKind: String, CaseIterable, Sendable, Hashable {
  /// SIGKILL of one worker process.
  case killWorker = "kill-worker"
  /// SIGKILL of a process group: a shell, its workers and its producer at once.
  case killGroup = "kill-group"
  /// SIGSTOP of a worker beyond the grace, and SIGCONT.
  case freezeWorker = "freeze-worker"
  /// pg_terminate_backend of somebody's connection, twice a second for a while.
  case terminateBackends = "terminate-backends"
  /// A worker that lives is declared dead.
  case rescueLiving = "rescue-living"
  /// The server stops at once, as `pg_ctl stop -m immediate`, and starts again.
  case restartServer = "restart-server"
  /// SIGKILL of one server process, after which the server restarts all of them.
  case killBackend = "kill-backend"
  /// The primary is killed, the standby promoted, and a new standby made.
  case failOver = "fail-over"
  /// The disk of the servers, their WAL included, has no room left for a while.
  case fillDisk = "fill-disk"
  /// The proxy holds all bytes back for a while.
  case stallProxy = "stall-proxy"
  /// The proxy resets its connections.
  case cutProxy = "cut-proxy"
  /// The proxy closes one direction of its connections; the other end stays and says nothing.
  case halfCloseProxy = "half-close-proxy"
  /// A worker's network namespace loses its link for a while.
  case partNetwork = "part-network"
  /// The clock of a worker process jumps, hours forth, and back again.
  case jumpWorkerClock = "jump-worker-clock"
  /// The clock of the server jumps back, and forth again.
  case jumpServerClock = "jump-server-clock"
  /// The journals are rotated, again and again for a while.
  case rotate
  /// Two installers at once apply all functions of the schema again.
  case migrate
  /// A REPEATABLE READ transaction is held open.
  case holdSnapshot = "hold-snapshot"

  /// Faults of one lane follow each other; those of different lanes overlap.
  package enum Lane: Hashable, Sendable {
    /// What takes the server down, one at a time.
    case server
    case proxy
    case network
    case clock
    /// Everything else overlaps with everything.
    case free
  }

  package var lane: Lane {
    switch self {
    case .restartServer, .killBackend, .failOver, .fillDisk, .jumpServerClock: .server
    case .stallProxy, .cutProxy, .halfCloseProxy: .proxy
    case .partNetwork: .network
    case .jumpWorkerClock: .clock
    case .killWorker, .killGroup, .freezeWorker, .terminateBackends, .rescueLiving, .rotate,
      .migrate,
      .holdSnapshot:
      .free
    }
  }

  /// Seconds between two of the kind, on average.
  package var interval: Double {
    switch self {
    case .killWorker: 3
    case .rescueLiving, .cutProxy, .halfCloseProxy: 8
    case .killGroup, .rotate, .killBackend: 10
    case .freezeWorker, .terminateBackends, .restartServer, .stallProxy: 12
    case .partNetwork, .jumpWorkerClock, .holdSnapshot: 15
    case .migrate: 20
    case .jumpServerClock: 25
    case .failOver, .fillDisk: 30
    }
  }

  /// How many seconds one may last.
  package var span: ClosedRange<Double> {
    switch self {
    case .killWorker, .killGroup, .rescueLiving, .cutProxy, .migrate, .killBackend: 0...0
    case .restartServer: 0...0.5
    // Beyond the 15 s after which a silent worker is declared dead, now and then.
    case .freezeWorker: 4...18
    case .partNetwork: 2...20
    case .terminateBackends: 3...6
    case .stallProxy: 1...14
    case .halfCloseProxy: 1...6
    case .failOver: 0...0
    case .fillDisk: 1...4
    case .jumpWorkerClock: 2...6
    case .jumpServerClock: 2...4
    case .rotate: 1...3
    case .holdSnapshot: 3...12
    }
  }
}
