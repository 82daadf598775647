/// An emulation bloc (khối thi đua): units of one kind that compete with one another.
public struct Bloc: Hashable, Sendable, Codable, Identifiable {
  /// Short capital code such as `HDT`; the identity.
  public let code: String
  public let name: LocalizedText
  /// The province whose People's Committee set the bloc up.
  public let province: LocalizedText

  public var id: String { code }

  public init(code: String, name: LocalizedText, province: LocalizedText) {
    self.code = code
    self.name = name
    self.province = province
  }
}

/// The unit that leads a bloc in one period and the person who signs for it.
public struct BlocHead: Hashable, Sendable, Codable {
  public let unit: String
  /// Post in the bloc, such as "Khối trưởng".
  public let post: LocalizedText
  public let person: String

  public init(unit: String, post: LocalizedText, person: String) {
    self.unit = unit
    self.post = post
    self.person = person.normalisedForStorage
  }
}
