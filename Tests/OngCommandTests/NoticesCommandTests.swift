import Foundation
import JobQueueTesting
import LibpqClient
import Testing

/// `ong notices`, over the notices of a main job.
@Suite struct NoticesCommandTests {
  private struct Listed: Decodable {
    var id: Int64
    var state: String
  }

  @Test("Notices in doubt are listed, and an operator's word settles them")
  func settle() async throws {
    try await BuiltCommand.withMainJobDone { ong, database in
      #expect(try await notices("sent", ong).count == 16)

      let doubtful = try await notices("sent", ong).prefix(2).map(\.id)
      let connection = try await Connection.open(database.configuration)
      try await connection.query(
        "update emulation.notice set state = 'unknown', sent_at = null where id = any($1)",
        [Array(doubtful)])
      await connection.close()
      #expect(try await notices("unknown", ong).map(\.id) == doubtful)

      let sent = try await ong.run("notices", "settle", "\(doubtful[0])", "--as", "sent")
      #expect(sent.output == "\(doubtful[0])  counts as sent\n")
      let again = try await ong.run("notices", "settle", "\(doubtful[1])", "--as", "again")
      #expect(again.output == "\(doubtful[1])  will be sent\n")
      #expect(try await notices("queued", ong).map(\.id) == [doubtful[1]])
      #expect(try await notices("sent", ong).count == 15)
      #expect(try await ong.run("notices", "settle", "\(doubtful[0])", "--as", "again").status == 6)
      #expect(try await ong.run("notices", "settle", "1", "--as", "lost").status == 2)
    }
  }

  private func notices(_ state: String, _ ong: BuiltCommand) async throws -> [Listed] {
    let ended = try await ong.run("notices", "ls", "--state", state, "--json")
    return try JSONDecoder().decode([Listed].self, from: Data(ended.output.utf8))
  }
}
