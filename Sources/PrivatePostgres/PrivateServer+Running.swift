import FoundationEssentials
import Glibc
public import LibpqClient

extension PrivateServer {
  /// How to connect to the server that another program runs in this folder; nil if none does, or if
  /// the folder is another user's. Starts and changes nothing.
  public static func running(
    in folder: String, database: String = "postgres"
  ) -> ConnectionConfiguration? {
    // Written by the server: its process, data folder, start time, port, socket folder, …
    let file = ServerFolder.absolute(folder) + "/data/postmaster.pid"
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).trimmingWhitespace }
    guard lines.count > 4, let id = pid_t(lines[0]), id > 1, let port = Int(lines[3]),
      !lines[4].isEmpty, kill(id, 0) == 0 || errno == EPERM
    else { return nil }
    return ConnectionConfiguration(conninfo(host: lines[4], port: port, database: database))
  }
}
