import Testing

@testable import JobWorker

@Suite("What the server still regards as ours")
struct OpenJobsTests {
  private let key = ClaimKey(lane: 6, seq: 9)

  private func settlement(_ ids: [Int64]) -> Settlement {
    Settlement(key: key, ids: ids, isWhole: true, isFinal: true, notes: [])
  }

  @Test("a settlement that has arrived is not sent again")
  func arrived() {
    var server = OpenJobs([ClaimKey(lane: 6, seq: 8): [1]])
    #expect(server.take(settlement([1, 2])) == nil)
  }

  @Test("a settlement that was lost is sent again as it was")
  func lost() {
    var server = OpenJobs([key: [1, 2]])
    #expect(server.take(settlement([1, 2])) == settlement([1, 2]))
    #expect(server.take(key).isEmpty)
  }

  @Test("jobs that were rescued meanwhile are left out and named no more as a whole claim")
  func rescued() {
    var server = OpenJobs([key: [2, 3]])
    let rest = server.take(settlement([1, 2]))
    #expect(rest?.ids == [2])
    #expect(rest?.isWhole == false)
    #expect(server.remaining == [key: [3]])
  }
}
