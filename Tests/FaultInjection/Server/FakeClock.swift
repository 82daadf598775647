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
    let text = (offset < 0 ? "" : "+") + String(offset) + "\n"
    try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
    chmod(file, 0o644)
  }

  private static var library: String? {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
    let places = folders.map { "/usr/lib/" + $0 } + ["/usr/lib", "/usr/local/lib"]
    return places.map { $0 + "/faketime/libfaketimeMT.so.1" }.first { access($0, R_OK) == 0 }
  }
}
