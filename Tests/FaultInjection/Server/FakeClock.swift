import FoundationEssentials
import Glibc

/// A clock of a process's own, by Debian's libfaketime: once a second the process looks into a file how
/// far it is off; to look each time would cost more than all else that it does. The
/// monotonic clock stays as it is, as it does when somebody sets a machine's time.
struct FakeClock: Sendable {
  private let file: String
  private let library: String

  /// nil where the library is not installed.
  init?(file: String) throws {
    guard let library = Self.library else { return nil }
    self.file = file
    self.library = library
    try jump(0)
  }

  /// Of a process that goes by it.
  var environment: [String: String] {
    [
      "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_CACHE_DURATION": "1",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    ]
  }

  /// Seconds from the machine's time.
  func jump(_ offset: Int) throws {
    // Put in place whole: a reader never sees a half-written file.
    try Data(Self.text(offset).utf8).write(to: URL(filePath: file), options: .atomic)
    chmod(file, 0o644)
  }

  /// For a process that may go by such a clock to call first. Dispatch's timers never fire in one that
  /// starts while the clock is off (a program that sleeps once, under libfaketime, shows it): so it
  /// waits for the clock to be right, and its children have none.
  static func awaitRightTime() {
    let environment = ProcessInfo.processInfo.environment
    guard environment["LD_PRELOAD"] != nil, let file = environment["FAKETIME_TIMESTAMP_FILE"] else {
      return
    }
    unsetenv("LD_PRELOAD")
    guard isOff(file) else { return }
    while isOff(file) { usleep(20_000) }
    usleep(1_200_000)  // it looks once a second
  }

  private static func isOff(_ file: String) -> Bool {
    (try? String(contentsOfFile: file, encoding: .utf8)).map { $0 != text(0) } ?? false
  }

  private static func text(_ offset: Int) -> String {
    (offset < 0 ? "" : "+") + String(offset) + "\n"
  }

  private static var library: String? {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
    let places = folders.map { "/usr/lib/" + $0 } + ["/usr/lib", "/usr/local/lib"]
    return places.map { $0 + "/faketime/libfaketimeMT.so.1" }.first { access($0, R_OK) == 0 }
  }
}
