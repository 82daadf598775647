import CLibpq
import Glibc

/// Keepalives for a connection whose settings came from a service file.
///
/// A parameter would overrule the service, and what a service sets is known only once libpq has
/// connected: so what it left open is set on the socket itself.
struct SocketTimeouts {
  let configuration: ConnectionConfiguration

  func apply(to connection: OpaquePointer) {
    let set = Self.settings(of: connection)
    let wanted: [(key: String, option: Int32, value: Int32)] = [
      ("keepalives_idle", TCP_KEEPIDLE, Int32(configuration.keepalivesIdle.wholeSeconds) ?? 10),
      (
        "keepalives_interval", TCP_KEEPINTVL,
        Int32(configuration.keepalivesInterval.wholeSeconds) ?? 5
      ),
      ("keepalives_count", TCP_KEEPCNT, Int32(configuration.keepalivesCount)),
      ("tcp_user_timeout", TCP_USER_TIMEOUT, Int32(configuration.tcpUserTimeout.milliseconds)),
    ]
    for (key, option, value) in wanted where set[key]?.isEmpty != false {
      // Fails harmlessly on a unix socket, which needs none.
      withUnsafeBytes(of: value) {
        _ = setsockopt(
          PQsocket(connection), Int32(IPPROTO_TCP), option, $0.baseAddress, socklen_t($0.count))
      }
    }
  }

  /// What libpq uses, wherever it came from.
  private static func settings(of connection: OpaquePointer) -> [String: String] {
    guard let options = PQconninfo(connection) else { return [:] }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      values[String(cString: keyword)] = option.pointee.val.map { String(cString: $0) }
      option += 1
    }
    return values
  }
}
