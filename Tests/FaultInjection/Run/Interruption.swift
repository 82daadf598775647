import Dispatch
import Glibc
import Synchronization

/// SIGINT or SIGTERM ends the load and the faults, and the run is judged as far as it went; a second one
/// gives the run up and only tidies. Servers and processes end by themselves then.
struct Interruption {
  private let count = Count()
  private let sources: [any DispatchSourceSignal]

  private final class Count: Sendable {
    let signals = Atomic(0)
  }

  init(_ tidy: @escaping @Sendable () async -> Void) {
    let count = count
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        guard count.signals.add(1, ordering: .relaxed).newValue > 1 else { return }
        Task {
          await tidy()
          _exit(2)
        }
      }
      source.resume()
      return source
    }
  }

  /// Whether the load is to end.
  var isAsked: Bool { count.signals.load(ordering: .relaxed) > 0 }

  func ignore() { for source in sources { source.cancel() } }
}
