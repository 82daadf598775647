import Foundation
import Testing

@Suite("ong bench")
struct BenchCommandTests {
  @Test("A drain by workers in processes of their own does every job, and counts what they used")
  func processes() async throws {
    try await BuiltCommand.withQueue { ong, _ in
      let ended = try await ong.run(
        "bench", "drain", "--processes", "2", "--workers", "2", "--jobs", "2000", "--batch", "100",
        "--rounds", "1", "--json")
      #expect(ended.status == 0, "\(ended.errors)")
      let report = try #require(
        JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
      #expect(report["jobs"] as? Int == 2000)
      // Three of each worker.
      #expect(report["connections"] as? Int == 12)
      #expect(try #require(report["rss_bytes"] as? Int) > 10_000_000)
      let conditions = try #require(report["conditions"] as? [String: Any])
      #expect(conditions["processes"] as? Int == 2)
    }
  }

  @Test("Processes are refused for runs that can't have them")
  func refused() async throws {
    try await BuiltCommand.withQueue { ong, _ in
      let ended = try await ong.run("bench", "idle", "--processes", "2")
      #expect(ended.status != 0)
      #expect(ended.errors.contains("expected processes to be 0 for every run but drain, got: 2"))
    }
  }
}
