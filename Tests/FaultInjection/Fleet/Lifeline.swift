import Glibc

/// A pipe that nobody writes to. Each process of the run has its read end as standard input and ends
/// when that does, which is when this program ends, however it ends.
final class Lifeline: Sendable {
  let readEnd: Int32
  private let writeEnd: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ChaosError("no file descriptor is left") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }
}
