package import Glibc

/// The user that the server runs as: PostgreSQL refuses to run as root.
package struct ServerUser: Sendable, Equatable {
  let id: uid_t
  let group: gid_t
  let name: String?

  /// Who runs this program, or, for root, the owner of the data if there is any, else `postgres`,
  /// else `nobody`.
  package static func choose(dataOwner: uid_t?) -> ServerUser {
    let own = geteuid()
    guard own == 0 else { return ServerUser(id: own, group: getegid(), name: nil) }
    if let dataOwner, dataOwner != 0 { return ServerUser(byID: dataOwner) }
    if let entry = getpwnam("postgres") { return ServerUser(entry.pointee) }
    return ServerUser(byID: 65534)
  }

  private init(id: uid_t, group: gid_t, name: String?) {
    self.id = id
    self.group = group
    self.name = name
  }

  private init(_ entry: passwd) {
    self.init(id: entry.pw_uid, group: entry.pw_gid, name: String(cString: entry.pw_name))
  }

  private init(byID id: uid_t) {
    if let entry = getpwuid(id) {
      self.init(entry.pointee)
    } else {
      self.init(id: id, group: gid_t(id), name: nil)
    }
  }

  /// What to put before a command so that it runs as this user. `setpriv` replaces itself by the
  /// command, so that the child's process id is the command's own.
  package var commandPrefix: [String] {
    guard geteuid() != id else { return [] }
    let groups = name == nil ? "--clear-groups" : "--init-groups"
    return ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(group)", groups, "--"]
  }
}
