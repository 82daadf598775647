import Foundation
import PayloadEncryption

/// The keys of encrypted payloads, from the environment, where secrets belong:
/// `ONG_PAYLOAD_KEYS=2026-11:BASE64,2026-05:BASE64`, the current one first.
enum PayloadKeys {
  static let variable = "ONG_PAYLOAD_KEYS"

  /// Nil: none are configured.
  static func fromEnvironment(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> EncryptionKeys? {
    guard let text = environment[variable], !text.isEmpty else { return nil }
    return try keys(text)
  }

  static func keys(_ text: String) throws -> EncryptionKeys {
    do {
      return try EncryptionKeys(text)
    } catch {
      throw CommandFailure(.usage, "\(variable): \(error)")
    }
  }
}
