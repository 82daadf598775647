import Dispatch
import Glibc

/// Tidies up when the run is ended by SIGINT or SIGTERM; servers and processes end by themselves.
struct Interruption {
  private let sources: [any DispatchSourceSignal]

  init(_ tidy: @escaping @Sendable () async -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        Task {
          await tidy()
          _exit(2)
        }
      }
      source.resume()
      return source
    }
  }

  func ignore() { for source in sources { source.cancel() } }
}
