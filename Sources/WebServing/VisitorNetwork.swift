import Foundation

/// Which addresses are taken for one visitor.
enum VisitorNetwork {
  /// Of an IPv6 address the first half: the other half is the visitor's to choose.
  static func of(_ address: String) -> String {
    // Bytes, as `in6_addr` is defined by more than one of the modules around.
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
  }
}
