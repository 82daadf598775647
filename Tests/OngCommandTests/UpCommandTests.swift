import Foundation
import JobQueue
import LibpqClient
import PrivatePostgres
import Testing

/// `ong up` with its private server, from its start to its end, whatever ends it.
@Suite(.serialized) struct UpCommandTests {
  @Test("The main job, done twice, gives the same ranking and sends nothing twice")
  func onceTwice() async throws {
    try await BuiltCommand.inFolder { ong in
      let first = try await ong.run("up", "--once")
      #expect(first.status == 0, "\(first.errors)")
      #expect(first.output.contains("15 sheets sent"))
      #expect(first.output.contains("Notices: 16 sent now"))
      let second = try await ong.run("up", "--once")
      #expect(second.status == 0, "\(second.errors)")
      #expect(second.output.contains("Notices: 0 sent now"))
      #expect(ranking(first.output) == ranking(second.output))
      let mails = try FileManager.default.contentsOfDirectory(
        at: ong.directory.appending(path: ".ong/mail/new"), includingPropertiesForKeys: nil)
      #expect(mails.count == 16)
      let report = try #require(second.output.split(separator: "\n").first { $0.hasSuffix(".pdf") })
      #expect(FileManager.default.fileExists(atPath: String(report)))
    }
  }

  private func ranking(_ output: String) -> [Substring] {
    Array(output.split(separator: "\n").drop { $0 != "Ranking" }.prefix { $0 != "Report" })
  }

  @Test("SIGTERM drains and stops the server; admin commands find it while it runs")
  func terminate() async throws {
    try await BuiltCommand.inFolder { ong in
      let up = try ong.start(["up", "--port", "0"])
      try await up.says("Ong is up.")
      let queues = try await ong.run("queues")
      #expect(queues.status == 0)
      #expect(queues.output.contains("notices"))
      up.send(SIGTERM)
      #expect(try await up.ended() == 0, "\(up.errors)")
      #expect(up.errors.contains("SIGTERM: draining"))
      #expect(try await ong.run("queues").status == 4)
    }
  }

  @Test("After kill -9 the next up recovers, with what was there", .timeLimit(.minutes(3)))
  func killed() async throws {
    try await BuiltCommand.inFolder { ong in
      let up = try ong.start(["up", "--port", "0"])
      try await up.says("Ong is up.")
      #expect(try await ong.run("enqueue", "scores", "nobody.knows").status == 0)
      up.send(SIGKILL)
      #expect(try await up.ended() == 128 + SIGKILL)
      let again = try ong.start(["up", "--port", "0"])
      try await again.says("Ong is up.")
      let jobs = try await ong.run("jobs", "ls", "--kind", "nobody.knows")
      #expect(jobs.output.contains("nobody.knows"))
      again.send(SIGINT)
      #expect(try await again.ended() == 0, "\(again.errors)")
    }
  }

  @Test("A suspect runs in a process of its own, started as this one was, while up goes on")
  func suspect() async throws {
    try await BuiltCommand.inFolder { ong in
      let up = try ong.start(["up", "--port", "0", "--log-level", "info"])
      try await up.says("Ong is up.")
      let server = ong.directory.appending(path: ".ong/server").path
      var database = try #require(PrivateServer.running(in: server, database: "ong"))
      database.searchPath = "ong"
      let queue = JobQueue(pool: ConnectionPool(database, size: 1))
      // As a rescue would leave a job that was running when its worker died; this one's payload is refused.
      let id: Int64 = try await queue.pool.query(
        """
        with id as materialized (select nextval('ong.job_id') id),
        again as (
          select ong.append_again(('0'::xid8, id.id, now(), 0, q.id * 4, 1, 1, 'report.render',
            '{"snapshot": "none"}', null, null, null)::ong.job)
          from id, ong.queue q where q.name = 'reports')
        select id.id from id, (select count(*) from again) a
        """)[0, 0].decode()
      let end = try await queue.end(ofJob: id, within: .seconds(60))
      #expect(end.state == .dead, "\(end)")
      #expect(up.errors.contains("a child process for suspects was started"))
      #expect(try await queue.story(id)?.crashes == 1)
      await queue.pool.close()
      up.send(SIGTERM)
      #expect(try await up.ended() == 0, "\(up.errors)")
    }
  }

  @Test("A damaged sample sheet is reported with its place, and nothing is started")
  func damagedSample() async throws {
    try await BuiltCommand.inFolder { ong in
      let sample = ong.directory.appending(path: "sample")
      let source = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/EmulationAwards/Sample").standardized
      try FileManager.default.copyItem(at: source, to: sample)
      let figures = sample.appending(path: "figures.csv")
      var lines = try String(contentsOf: figures, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      lines[4] += ",one,too,many"
      try lines.joined(separator: "\n").write(to: figures, atomically: true, encoding: .utf8)
      let refused = try await ong.run("up", "--once", "--sample", "sample")
      #expect(refused.status == 2)
      #expect(refused.errors.contains("figures.csv:5"))
      #expect(
        !FileManager.default.fileExists(atPath: ong.directory.appending(path: ".ong").path))
    }
  }
}
