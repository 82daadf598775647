import Foundation
import LibpqClient
import PrivatePostgres

/// For the tests of PrivatePostgres, which kill it: runs the server of a folder, writes one
/// committed row, says so, and waits for its end.
let server = try await PrivateServer.start(.init(folder: CommandLine.arguments[1]))
let connection = try await Connection.open(server.configuration())
try await connection.execute(
  script: "CREATE TABLE IF NOT EXISTS kept (a int8); INSERT INTO kept VALUES (1)")
FileHandle.standardOutput.write(Data("ready \(server.processID ?? -1)\n".utf8))
while true { try await Task.sleep(for: .seconds(3600)) }
