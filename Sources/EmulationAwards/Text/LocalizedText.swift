/// A label in the two languages of the house: Vietnamese, which is binding, and English beside it.
///
/// Both strings are kept in Unicode normalisation form C, whatever form they arrive in.
public struct LocalizedText: Hashable, Sendable, Codable {
  /// The Vietnamese text; never empty in validated data.
  public let vi: String
  /// The English text; an unofficial translation.
  public let en: String

  public init(vi: String, en: String) {
    self.vi = vi.normalisedForStorage
    self.en = en.normalisedForStorage
  }
}

extension LocalizedText: CustomStringConvertible {
  public var description: String { vi }
}
