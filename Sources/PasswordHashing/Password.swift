import Foundation

/// A password as bytes: in Unicode normalisation form C, so that it is the same one whatever
/// keyboard typed it. Nothing prints it.
package struct Password: Sendable {
  /// Least length of a new one, in Unicode characters. Length is what makes a password hard to
  /// guess; no kinds of characters are asked for (NIST SP 800-63B).
  package static let minimumLength = 12
  /// Most bytes of UTF-8, so that nobody sends a book to be hashed.
  package static let maximumBytes = 1024

  let bytes: [UInt8]

  /// One that somebody chooses now.
  ///
  /// - Throws: ``PasswordProblem``
  package init(new text: String) throws {
    let text = text.precomposedStringWithCanonicalMapping
    if text.unicodeScalars.count < Self.minimumLength { throw PasswordProblem.tooShort }
    if text.utf8.count > Self.maximumBytes { throw PasswordProblem.tooLong }
    if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      throw PasswordProblem.controlCharacter
    }
    bytes = Array(text.utf8)
  }

  /// One that is to be checked. Too long a text becomes empty, which is nobody's password.
  package init(typed text: String) {
    let text = text.utf8.count > Self.maximumBytes ? "" : text.precomposedStringWithCanonicalMapping
    bytes = text.utf8.count > Self.maximumBytes ? [] : Array(text.utf8)
  }

  /// A new random one of 100 bits, in letters and digits that are not taken for one another.
  package static func generated() -> (text: String, password: Password) {
    let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
    let groups = (0..<4).map { _ in String((0..<5).map { _ in alphabet.randomElement() ?? "a" }) }
    let text = groups.joined(separator: "-")
    return (text, Password(typed: text))
  }
}

extension Password: CustomStringConvertible, CustomReflectable {
  package var description: String { "•••" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a password cannot be chosen.
package enum PasswordProblem: Error, Equatable, CaseIterable {
  case tooShort, tooLong, controlCharacter
}

extension PasswordProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooShort: "a password has at least \(Password.minimumLength) characters"
    case .tooLong: "a password has at most \(Password.maximumBytes) bytes"
    case .controlCharacter: "a password has no control characters such as tabs"
    }
  }
}
