import Foundation

/// Which mail server to hand messages to, and how.
///
/// Printing a configuration never shows the password.
public struct SMTPConfiguration: Sendable {
  public enum Security: Sendable, Hashable {
    /// No encryption: for a relay on this machine or in a closed network.
    case plain
    /// STARTTLS before anything else is said; a server without it is not used.
    case startTLS
    /// TLS from the first byte (smtps, port 465).
    case tls
  }

  public var host: String
  public var port: Int
  public var security: Security
  public var user: String?
  public var password: String?
  /// File with the certificates to trust, in PEM. Default: the system's.
  public var certificates: String?
  /// The name this side gives in EHLO. Default: "localhost".
  public var clientName = "localhost"
  /// Until the connection stands, TLS included. Default: 10 s.
  public var connectTimeout = Duration.seconds(10)
  /// For one message in all; a server may think long after the text. A server that does not answer
  /// the goodbye either can hold a call as long again. Default: 45 s.
  public var timeout = Duration.seconds(45)

  public init(host: String, port: Int, security: Security) {
    self.host = host
    self.port = port
    self.security = security
  }

  /// Reads `smtp://[user:password@]host[:port][?starttls=required|never][&cafile=path]`, or
  /// `smtps://…`. User and password are percent-encoded.
  ///
  /// Default ports: smtp 587 with STARTTLS and 25 without, smtps 465. With `smtp`, STARTTLS is
  /// required unless `starttls=never` is given or the host is this machine.
  public init(url text: String) throws {
    guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased() else {
      throw MailTransportError.malformedURL("expected smtp://host:port or smtps://host:port")
    }
    guard let host = url.host, !host.isEmpty, host.utf8.allSatisfy(Self.isHostText) else {
      throw MailTransportError.malformedURL("expected a host name or address")
    }
    guard url.path.isEmpty || url.path == "/", url.fragment == nil else {
      throw MailTransportError.malformedURL("expected nothing after host and port but options")
    }
    let options = try Self.options(of: url)
    let security = try Self.security(scheme: scheme, host: host, option: options["starttls"])
    self.init(host: host, port: try Self.port(url.port, security), security: security)
    user = url.user
    password = url.password
    certificates = options["cafile"]
  }

  private static func options(of url: URLComponents) throws -> [String: String] {
    var options: [String: String] = [:]
    for item in url.queryItems ?? [] {
      guard ["starttls", "cafile"].contains(item.name), let value = item.value, !value.isEmpty
      else {
        throw MailTransportError.malformedURL("expected starttls=… or cafile=…, got: \(item.name)")
      }
      options[item.name] = value
    }
    return options
  }

  private static func security(
    scheme: String, host: String, option: String?
  ) throws -> Security {
    switch (scheme, option) {
    case ("smtps", nil): .tls
    case ("smtp", "required"): .startTLS
    case ("smtp", "never"): .plain
    case ("smtp", nil): isThisMachine(host) ? .plain : .startTLS
    case ("smtp", _):
      throw MailTransportError.malformedURL("expected starttls=required or starttls=never")
    case ("smtps", _):
      throw MailTransportError.malformedURL("expected no starttls option beside smtps")
    default:
      throw MailTransportError.malformedURL("expected smtp or smtps, got: \(scheme)")
    }
  }

  private static func port(_ port: Int?, _ security: Security) throws -> Int {
    let port = port ?? (security == .tls ? 465 : security == .startTLS ? 587 : 25)
    guard (1...65535).contains(port) else {
      throw MailTransportError.malformedURL("expected a port from 1 to 65535, got: \(port)")
    }
    return port
  }

  private static func isThisMachine(_ host: String) -> Bool {
    let isLoopback =
      host.hasPrefix("127.") && host.utf8.allSatisfy { "0123456789.".utf8.contains($0) }
    return host == "localhost" || host == "[::1]" || isLoopback
  }

  /// Names, IPv4, and IPv6 in brackets; nothing that would change the meaning of the URL.
  private static func isHostText(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || ".-_[]:".utf8.contains(byte)
  }

  /// What libcurl connects to. User and password are handed over apart from it.
  var url: String { "\(security == .tls ? "smtps" : "smtp")://\(host):\(port)/\(clientName)" }
}

extension SMTPConfiguration: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// "smtp://host:587 with STARTTLS as user".
  public var description: String {
    let scheme = security == .tls ? "smtps" : "smtp"
    let encryption = security == .startTLS ? " with STARTTLS" : ""
    return "\(scheme)://\(host):\(port)\(encryption)" + (user.map { " as \($0)" } ?? "")
  }

  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["server": description]) }
}
