import Foundation
import Testing

@testable import OngCommand

/// What other users of the machine can read: arguments, and what is said on standard error.
@Suite struct PasswordTests {
  @Test(
    "A password in a connection string is seen, in either form",
    arguments: [
      ("postgresql://an:s3cret@host/ong", true), ("postgres://an:s3cret@/ong", true),
      ("postgresql://an@host/ong?password=s3cret", true), ("host=a password=s3cret", true),
      ("host=a PASSWORD = 's3cret word'", true), ("sslpassword=s3cret", true),
      ("postgresql://an@host:5432/ong", false), ("postgresql://host:5432/ong?a=b@c", false),
      ("postgresql://an:@host/ong", false), ("host=a dbname=password", false),
      ("host=a passfile=/home/an/.pgpass", false), ("", false), ("://@:", false),
    ])
  func seen(conninfo: String, holds: Bool) {
    #expect(PasswordInArguments.stands(in: conninfo) == holds)
  }

  @Test("A command refuses a password among its arguments, and does not repeat it")
  func refused() async throws {
    let ended = try await BuiltCommand().run(
      "queues", "ls", "--database", "postgresql://an:s3cret@127.0.0.1:1/ong")
    #expect(ended.status == 2)
    #expect(ended.errors.contains("ONG_DATABASE_URL"))
    #expect(!(ended.errors + ended.output).contains("s3cret"))
  }

  @Test(
    "A password from the environment is in no message when the database cannot be had",
    arguments: [
      ["queues", "ls"], ["work"], ["up", "--once"],
    ])
  func silent(arguments: [String]) async throws {
    let ong = BuiltCommand(
      environment: ["ONG_DATABASE_URL": "postgresql://an:s3cret@127.0.0.1:1/ong?connect_timeout=1"])
    let ended = try ong.start(arguments)
    _ = try? await ended.ended(within: .seconds(3))
    ended.send(SIGKILL)
    _ = try await ended.ended()
    #expect(!ended.errors.isEmpty)
    #expect(!(ended.errors + ended.output).contains("s3cret"))
  }
}
