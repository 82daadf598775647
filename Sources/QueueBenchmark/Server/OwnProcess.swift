import Foundation

/// What this process has used.
struct OwnProcess {
  /// Seconds of CPU, all threads.
  let cpuSeconds: Double
  /// How often a thread went to sleep by itself and was woken.
  let wakeUps: Int

  static var now: OwnProcess {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return OwnProcess(
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), wakeUps: usage.ru_nvcsw)
  }

  /// From here on `peakMemory` counts anew, from what is resident now.
  static func forgetPeak() {
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
  }

  /// Most resident memory in bytes since `forgetPeak`; nil without /proc.
  static var peakMemory: Int? { peakMemory(of: "self") }

  /// The same of a process by its number.
  static func peakMemory(of process: String) -> Int? {
    let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}

/// Nanoseconds of a clock that only goes forward.
enum MonotonicClock {
  static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
