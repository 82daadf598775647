extension ArraySlice<String> {
  /// The number that stands next among the arguments. Throws `ChaosError` where none does.
  mutating func takeNumber<Number: LosslessStringConvertible>(
    after option: String
  ) throws -> Number {
    guard let text = popFirst(), let number = Number(text) else {
      throw ChaosError("expected a number after \(option)")
    }
    return number
  }
}
