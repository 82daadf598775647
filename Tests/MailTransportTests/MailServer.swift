import Foundation
import MailTransport

/// The server of mail_server.py as a child process. It ends with this process: its standard input
/// is a pipe that only this one holds.
final class MailServer: Sendable {
  let port: Int
  let folder: String
  private let input: FileHandle

  /// One for all tests that need no encryption.
  static let shared = Result { try MailServer() }

  /// Nil for the server without encryption.
  let certificate: Certificate?

  init(encrypted: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "ong-mail-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    certificate = encrypted ? try Certificate(folder: folder) : nil
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "mail_server.py")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", script.path, folder] + (certificate.map { [$0.certificate, $0.key] } ?? [])
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.input = input.fileHandleForWriting
    port = try Self.port(from: output.fileHandleForReading)
  }

  deinit { try? input.close() }

  private static func port(from output: FileHandle) throws -> Int {
    var bytes = Data()
    while !bytes.contains(UInt8(ascii: "\n")) {
      let more = output.availableData
      if more.isEmpty { break }
      bytes += more
    }
    let line = String(decoding: bytes, as: UTF8.self)
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.first == "ready", words.count == 2, let port = Int(words[1]) else {
      throw MailServerFailed(reason: line.isEmpty ? "python3 mail_server.py did not start" : line)
    }
    return port
  }

  /// What the server took under this Message-ID, one entry a delivery.
  func received(_ id: MessageID) throws -> [ReceivedMail] {
    let path = "\(folder)/\(id.value).json"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try text.split(separator: "\n").map {
      try decoder.decode(ReceivedMail.self, from: Data($0.utf8))
    }
  }
}

struct MailServerFailed: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}

/// A message as Python's email package reads it.
struct ReceivedMail: Codable {
  let envelopeFrom: String
  let envelopeTo: [String]
  let headers: [String]
  let subject: String
  let from: [String]
  let to: [String]
  let date: String
  let language: String
  let body: String
  let longestLine: Int
  let defects: [String]
  let connection: Int
  let encrypted: Bool
  let user: String?
}

/// A certificate of its own for one test run, for the host "localhost".
struct Certificate {
  let certificate: String
  let key: String

  init(folder: String) throws {
    certificate = folder + "/certificate.pem"
    key = folder + "/key.pem"
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
      "-keyout", key, "-out", certificate,
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw MailServerFailed(reason: "openssl made no certificate: install the package openssl")
    }
  }
}
