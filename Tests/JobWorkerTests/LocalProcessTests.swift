import Foundation
import JobQueueTesting
import Testing

@testable import JobWorker

@Suite("Local processes")
struct LocalProcessTests {
  @Test("A process that has ended is gone, also while nobody has asked for its status")
  func zombie() async throws {
    #expect(LocalProcess.exists(getpid()))
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    defer { free(arguments[0]) }
    try #require(posix_spawn(&child, "/bin/true", nil, nil, &arguments, nil) == 0)
    try await eventually("the child to be gone") { !LocalProcess.exists(child) }
    // It was a zombie until now: its status is still there.
    #expect(waitpid(child, nil, 0) == child)
    #expect(!LocalProcess.exists(child))
  }
}
