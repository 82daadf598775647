import FoundationEssentials
import Glibc

/// Who may connect to a durable server: its user and root, by the word of the kernel, over the socket.
///
/// It stands behind the folder's mode 0700, for the case that somebody opens the folder. Written at each
/// start, so that it is as this program says. A user without a name in the system (a container run
/// under any number) cannot be told by PostgreSQL; there the folder's mode is the only guard.
struct Entrance {
  /// pg_hba.conf
  let rules: String
  /// pg_ident.conf
  let names: String

  /// Nil where the users have no names.
  init?(_ user: ServerUser, tcpPort: Int?) {
    guard let own = Self.name(user.id), let mine = Self.name(geteuid()) else { return nil }
    names = Set([own, mine, "root"]).sorted().map { "ong \"\($0)\" postgres\n" }.joined()
    rules = """
      # Written by Ong at each start.
      local all,replication postgres peer map=ong
      local all,replication all reject
      \(tcpPort == nil ? "" : "host all,replication all 127.0.0.1/32 trust")
      host all,replication all all reject

      """
  }

  /// Nil for a name that cannot be quoted, too.
  private static func name(_ id: uid_t) -> String? {
    guard let entry = getpwuid(id) else { return nil }
    let name = String(cString: entry.pointee.pw_name)
    return name.isEmpty || name.contains { "\"\\\n/".contains($0) } ? nil : name
  }

  /// The folder is the server user's, so that user writes: root must not follow its links.
  func write(in folder: ServerFolder) async throws {
    let script = """
      cd "$0" && umask 077 && printf %s "$1" >pg_hba.conf.new && printf %s "$2" >pg_ident.conf.new &&
      mv pg_hba.conf.new pg_hba.conf && mv pg_ident.conf.new pg_ident.conf
      """
    let run = try await ChildProcess.run(
      folder.user.commandPrefix + ["/bin/sh", "-c", script, folder.data, rules, names])
    guard run.status == 0 else {
      throw PrivateServerError(
        .startFailed, "cannot write \(folder.data)/pg_hba.conf: \(run.output.trimmingWhitespace)",
        hint: "Is the disk full?")
    }
  }
}
