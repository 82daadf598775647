import Foundation
import Testing

/// docs/security.md and docs/dependencies.md against what they speak of.
@Suite("Security page")
struct SecurityPageTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The cells of all rows of a page's tables, without the heads.
  private static func rows(of page: String) throws -> [[String]] {
    let lines = try text(page).split(separator: "\n").filter { $0.hasPrefix("|") }
    return lines.enumerated().filter { index, line in
      let isHead = index + 1 < lines.count && lines[index + 1].hasPrefix("|---")
      return !isHead && !line.hasPrefix("|---")
    }.map { _, line in
      line.dropFirst().dropLast().components(separatedBy: " | ").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
  }

  /// The sentences of all tests.
  private static func testNames() throws -> Set<String> {
    let folder = root.appending(path: "Tests")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var names: Set<String> = []
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      let source = try String(contentsOf: file, encoding: .utf8)
      for match in source.matches(of: /@Test\(\s*"([^"]+)"/) { names.insert(String(match.1)) }
      for match in source.matches(of: /func `([^`]+)`/) { names.insert(String(match.1)) }
    }
    return names
  }

  @Test("Each line of the threat model names tests, and they exist")
  func threats() throws {
    let names = try Self.testNames()
    let rows = try Self.rows(of: "docs/security.md")
    #expect(rows.count > 20)
    for row in rows {
      let tests = row[2].matches(of: /`([^`]+)`/).map { String($0.1) }
      #expect(row.count == 3 && !tests.isEmpty, "\(row)")
      #expect(tests.filter { !names.contains($0) } == [])
    }
  }

  @Test("Packages are pinned by their minor version, and the list of dependencies names them all")
  func dependencies() throws {
    let pinned = try ["Package.swift", "Benchmarks/Package.swift"].flatMap { path in
      try Self.text(path).matches(of: /url:\s*"([^"]+)",\s*([^"]*)"([0-9.]+)"/).map { match in
        #expect(match.2 == ".upToNextMinor(from: ", "\(match.1)")
        return "\(match.1) \(match.3)"
      }
    }
    let all = try ["Package.swift", "Benchmarks/Package.swift"].map {
      try Self.text($0).matches(of: /\.package\(\s*url:/).count
    }.reduce(0, +)
    #expect(pinned.count == all && all > 5)
    let page = "docs/dependencies.md"
    let listed = try Self.rows(of: page).filter { $0[0].hasPrefix("https://") }
    #expect(listed.map { "\($0[0]) \($0[1])" }.sorted() == pinned.sorted())
    #expect(listed.allSatisfy { $0[2] == "Apache-2.0" })
  }
}
