import Foundation

/// Where a web server listens.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// An IP address or a name. Default `127.0.0.1`: this machine only.
  package var host: String
  /// Default 8080; 0 lets the system choose a free one.
  package var port: Int

  package init(host: String = "127.0.0.1", port: Int = 8080) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, `[::1]:8080`, `8080` or `host`; what is left out takes its default.
  ///
  /// - Throws: ``ListenError/malformed(_:)``
  package init(parsing text: String) throws {
    self.init()
    if text.isEmpty { throw ListenError.malformed(text) }
    if let port = Int(text) {
      self.port = port
    } else if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = String(text[text.index(after: text.startIndex)..<end])
      try readPort(after: text[text.index(after: end)...], of: text)
    } else {
      let colon = text.firstIndex(of: ":") ?? text.endIndex
      if colon != text.startIndex { host = String(text[..<colon]) }
      try readPort(after: text[colon...], of: text)
    }
    guard !host.isEmpty, (0...65535).contains(port) else { throw ListenError.malformed(text) }
  }

  private mutating func readPort(after rest: Substring, of text: String) throws {
    if rest.isEmpty { return }
    guard rest.first == ":", let port = Int(rest.dropFirst()) else {
      throw ListenError.malformed(text)
    }
    self.port = port
  }

  /// Whether only this machine can connect. Names other than `localhost` count as reachable from
  /// outside, since what they resolve to can change.
  package var isLoopback: Bool {
    if host.lowercased() == "localhost" || host == "::1" { return true }
    var address = in_addr()
    return inet_pton(AF_INET, host, &address) == 1
      && UInt32(bigEndian: address.s_addr) >> 24 == 127
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why a web server may not listen where it was told to.
package enum ListenError: Error, Equatable, CustomStringConvertible {
  /// The text names no host and port.
  case malformed(String)
  /// The address is reachable from other machines, and nobody said that this is wanted.
  case reachableFromOutside(ListenAddress)

  package var description: String {
    switch self {
    case .malformed(let text):
      "expected an address like 127.0.0.1:8080, got: \(text)"
    case .reachableFromOutside(let address):
      """
      \(address) can be reached from other machines: passwords would cross the network \
      unencrypted, and while there is no account anybody there can send forms. Listen on \
      127.0.0.1 behind a proxy with HTTPS, or allow it with --insecure-listen.
      """
    }
  }
}
