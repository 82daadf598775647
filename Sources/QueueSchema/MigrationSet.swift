/// SQL that belongs together: tables by versioned migrations, and functions that are living text.
///
/// `migrations/NNNN_name.sql` hold tables, types and indexes; each runs once, in order, and is never
/// edited after its release. `functions/*.sql` are `create or replace` and run again, in the order
/// of their names, whenever their text has changed; those of `sql/shared` come first in every set. No file names a schema: the installer's
/// search_path decides.
public struct MigrationSet: Sendable {
  /// One versioned step.
  public struct Migration: Sendable {
    /// From 1 on, without gaps.
    public let version: Int
    /// The file's name without its number: `journals` of `0001_journals.sql`.
    public let name: String
    public let sql: String
  }

  /// Names the set in the journal and in messages.
  public let name: String
  public let migrations: [Migration]
  /// The text of all function files, in order.
  public let functions: String

  /// The version that this binary was built with.
  public var version: Int { migrations.last?.version ?? 0 }

  /// The tables and functions of the queue.
  public static let queue = MigrationSet(name: "queue", files: EmbeddedFiles.queue)

  /// Sorts embedded files into migrations and functions.
  ///
  /// A file elsewhere, a migration without a number, or a gap in the numbers is a mistake of the
  /// programmer and ends the program.
  public init(name: String, files: [(path: String, text: String)]) {
    self.name = name
    let sorted = files.filter { $0.path.hasSuffix(".sql") }.sorted { $0.path < $1.path }
    migrations = sorted.filter { $0.path.hasPrefix("migrations/") }.map(Migration.init(file:))
    functions = (EmbeddedFiles.shared + sorted).filter { $0.path.hasPrefix("functions/") }.map(
      \.text
    )
    .joined(separator: "\n")
    precondition(
      migrations.map(\.version).elementsEqual((0..<migrations.count).map { $0 + 1 }),
      "the migrations of \(name) must be numbered from 1 without gaps")
  }

  /// Changes whenever a function's text changes (64-bit FNV-1a, in hexadecimal).
  var functionsDigest: String {
    let hash = functions.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}

extension MigrationSet.Migration {
  fileprivate init(file: (path: String, text: String)) {
    let stem = file.path.dropFirst("migrations/".count).dropLast(".sql".count)
    let parts = stem.split(separator: "_", maxSplits: 1)
    guard parts.count == 2, let version = Int(parts[0]) else {
      preconditionFailure("expected a migration to be named NNNN_name.sql, got: \(file.path)")
    }
    self.init(version: version, name: String(parts[1]), sql: file.text)
  }
}
