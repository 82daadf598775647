import Glibc

/// A file of what a process saw, one line an event. Each line is one write to a file opened for
/// appending, so what was written is there however the process ends.
///
/// Workers write
///
///     S TIME ID ATTEMPT CRASHES     a handler begins
///     A TIME ID                     a handler's transaction, which settled the job, has committed
///     M ID                          the job was made by the queue itself: a step, a member, a tick
///     Z ID                          the handler asks to be run later
///     X WORDS                       why the process ends by itself
///
/// and producers, with a number for each of their transactions,
///
///     I TRANSACTION KIND IDS        about to commit these jobs
///     E TRANSACTION                 committed; what is rolled back on purpose leaves nothing
///
/// TIME is in nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share and no clock
/// setting changes.
package struct Journal: Sendable {
  private let descriptor: Int32

  /// Makes a file of this process's own in the folder.
  package init(in folder: String, role: String) throws {
    descriptor = open(
      "\(folder)/\(role)-\(getpid())", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw ChaosError("cannot write a journal in \(folder)") }
  }

  package func write(_ line: String) {
    var line = line
    line.append("\n")
    let written = line.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    // A run whose record has gaps proves nothing.
    if written != line.utf8.count { abort() }
  }
}

/// Nanoseconds of CLOCK_MONOTONIC.
package func monotonicNow() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Seconds since 1970, as the system's clock has it.
package func wallClockNow() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Something that keeps a run from being made or judged.
package struct ChaosError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
