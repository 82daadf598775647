/// A kind with its payload's version, as it stands in the database: `report.render` for version 1,
/// `report.render@3` for version 3.
public struct StoredKind: Sendable, Hashable {
  /// The kind without a version, `JobPayload.kind`.
  public let name: String
  /// 1 or more.
  public let version: Int

  public init(name: String, version: Int = 1) {
    self.name = name
    self.version = version
  }
}

extension StoredKind: LosslessStringConvertible {
  /// Any text is a kind: what does not end in `@` and a number from 2 on is all name, version 1.
  public init(_ description: String) {
    guard let at = description.lastIndex(of: "@"),
      let version = Self.version(description[description.index(after: at)...])
    else {
      self.init(name: description)
      return
    }
    self.init(name: String(description[..<at]), version: version)
  }

  public var description: String { version == 1 ? name : "\(name)@\(version)" }

  private static func version(_ digits: Substring) -> Int? {
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != "0",
      let number = Int(digits), number >= 2
    else { return nil }
    return number
  }
}

extension JobPayload {
  /// How jobs of this type are stored now.
  package static var storedKind: StoredKind { StoredKind(name: kind, version: version) }

  /// The versions that this type can be read from: its own, and those before it from which
  /// upcasters lead here without a gap.
  package static var readableVersions: ClosedRange<Int> {
    let steps = upcasters
    var oldest = version
    while steps[oldest - 1] != nil { oldest -= 1 }
    return oldest...version
  }

  /// Ends the program on a type that contradicts itself, with a sentence that says where.
  package static func checkVersions() {
    precondition(version >= 1, "expected \(kind) to have version 1 or more, got: \(version)")
    precondition(
      StoredKind(kind) == StoredKind(name: kind),
      "expected kind without version, got: \(kind); declare static let version instead")
    let strangers = upcasters.keys.filter { !(readableVersions ~= $0) || $0 == version }.sorted()
    precondition(
      strangers.isEmpty,
      "expected \(kind)'s upcasters to lead to version \(version) without a gap, got: \(strangers)")
  }
}
