import Foundation
import JobQueue
public import Logging
import Synchronization

extension Worker {
  /// Lets workers of this program run suspects – jobs that were running when a worker died – in a
  /// process of their own, so that a job that ends its process takes no other job with it.
  ///
  /// Call it in `main` once the registry is filled and before anything else is started: the worker
  /// starts the same program with the same arguments once more, and in that process this call runs
  /// the suspects and never returns. Everywhere else it returns at once.
  public static func runChildIfAsked(_ registry: JobRegistry, logger: Logger) async {
    guard ProcessInfo.processInfo.environment[SuspectProcess.mark] == "1" else {
      isolation.withLock { $0 = CommandLine.arguments }
      return
    }
    unsetenv(SuspectProcess.mark)
    await ChildRuntime.run(registry, logger)
  }

  /// The arguments to start this program with once more; nil: nobody has offered to run suspects there.
  static let isolation = Mutex<[String]?>(nil)
}
