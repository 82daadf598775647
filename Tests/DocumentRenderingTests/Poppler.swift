import DocumentRendering
import Foundation

/// A rendered file on disk, as poppler's programs (package poppler-utils) read it.
final class RenderedFile {
  private let path: String

  init(_ pdf: [UInt8]) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).pdf").path
    try Data(pdf).write(to: URL(filePath: path))
  }

  convenience init(_ document: AdministrativeDocument) throws {
    try self.init(DocumentRenderer().render(document).pdf)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The text of the whole file, or of one page, counted from 1.
  func text(page: Int? = nil) throws -> String {
    let pages = page.map { ["-f", "\($0)", "-l", "\($0)"] } ?? []
    return try run("pdftotext", pages + ["-layout", path, "-"])
  }

  /// The text with every white space run made one space.
  func words(page: Int? = nil) throws -> String {
    try text(page: page).split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The families and faces that the file embeds: "Tinos-Bold".
  func fonts() throws -> Set<String> {
    let rows = try run("pdffonts", [path]).split(separator: "\n").dropFirst(2)
    return Set(
      rows.compactMap {
        $0.split(separator: "+").last?.split(separator: " ").first.map(String.init)
      })
  }

  func info() throws -> [String: String] {
    let lines = try run("pdfinfo", ["-isodates", path]).split(separator: "\n")
    let pairs = lines.map {
      $0.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
  }

  private func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PopplerMissing(program: program) }
    return String(decoding: data, as: UTF8.self)
  }
}

/// Says which package the machine lacks, or that the program refused the file.
struct PopplerMissing: Error, CustomStringConvertible {
  let program: String
  var description: String {
    "\(program) failed: install the package poppler-utils, or the PDF is broken"
  }
}
