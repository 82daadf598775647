/// One thing that is wrong in a sample file, and where.
public struct SampleDamage: Error, Hashable, Sendable, CustomStringConvertible {
  /// `figures.csv`
  public let file: String
  /// From 1; 0 when it is about the file as a whole.
  public let line: Int
  /// In characters, from 1; 0 when it is about the line or the file as a whole.
  public let column: Int
  public let message: String

  public init(file: String, line: Int, column: Int, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  /// `figures.csv:5:12: expected a number …`
  public var description: String {
    let place = [line, column].filter { $0 > 0 }.map { ":\($0)" }.joined()
    return "\(file)\(place): \(message)"
  }
}

/// Sample files that cannot be imported. Nothing of them was.
public struct SampleRejected: Error, Hashable, Sendable, CustomStringConvertible {
  /// Never empty; by file, then in the order of the lines.
  public let damages: [SampleDamage]

  public var description: String { damages.map(\.description).joined(separator: "\n") }
}
