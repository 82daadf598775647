import Foundation

/// Which addresses are taken for one visitor.
enum VisitorNetwork {
  /// Of an IPv6 address the first half: the other half is the visitor's to choose.
  static func of(_ address: String) -> String {
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, address, &v6) == 1 else { return address }
    return withUnsafeBytes(of: v6) { bytes in
      bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }
  }
}
