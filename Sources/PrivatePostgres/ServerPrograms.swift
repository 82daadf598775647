import FoundationEssentials

/// The folder that holds `initdb` and `postgres`, which distributions keep out of PATH.
package struct ServerPrograms: Sendable, Equatable {
  package let folder: String
  /// The major version, such as 15.
  let version: Int

  var initdb: String { folder + "/initdb" }
  var postgres: String { folder + "/postgres" }

  /// Looks at PG_BIN, `pg_config --bindir`, PATH and `/usr/lib/postgresql/*/bin`, in this order.
  /// - Parameter version: only this major version will do, as data of another cannot be read.
  package static func find(version: Int?, environment: [String: String]) async throws
    -> ServerPrograms
  {
    if let named = environment["PG_BIN"], !named.isEmpty {
      guard let programs = await ServerPrograms(folder: named) else {
        throw PrivateServerError(
          .programsMissing, "PG_BIN names \(named), where no usable initdb and postgres are",
          hint: "Unset PG_BIN, or name the folder of the server's programs")
      }
      return try programs.checked(wanted: version)
    }
    var found: [ServerPrograms] = []
    for folder in await candidates(environment) {
      guard let programs = await ServerPrograms(folder: folder) else { continue }
      if version == nil || version == programs.version { return programs }
      found.append(programs)
    }
    guard let other = found.first else { throw missing }
    return try other.checked(wanted: version)
  }

  /// nil when the programs are not there or do not run.
  private init?(folder: String) async {
    let files = ["/initdb", "/postgres"].map { folder + $0 }
    guard files.allSatisfy({ FileManager.default.isExecutableFile(atPath: $0) }),
      let run = try? await ChildProcess.run([files[1], "--version"]), run.status == 0,
      let version = Self.major(run.output)
    else { return nil }
    self.folder = folder
    self.version = version
  }

  /// "postgres (PostgreSQL) 15.18 (Debian …)" or "… 18beta1".
  static func major(_ output: String) -> Int? {
    guard let number = output.split(separator: " ").first(where: { $0.first?.isNumber == true })
    else { return nil }
    return Int(number.prefix { $0.isNumber })
  }

  private func checked(wanted: Int?) throws -> ServerPrograms {
    guard let wanted, wanted != version else { return self }
    throw PrivateServerError(
      .versionMismatch,
      "the data is of PostgreSQL \(wanted), but only the programs of version \(version) are there",
      hint: "Install PostgreSQL \(wanted) (on Debian: apt-get install postgresql-\(wanted)), "
        + "or move the data folder away to start anew")
  }

  private static let missing = PrivateServerError(
    .programsMissing, "the programs of the PostgreSQL server (initdb, postgres) are not installed",
    hint: "Install them (on Debian or Ubuntu: apt-get install postgresql), "
      + "name their folder in PG_BIN, or name a running server in ONG_DATABASE_URL")

  private static func candidates(_ environment: [String: String]) async -> [String] {
    var folders: [String] = []
    let path = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
    if let tool = path.map({ $0 + "/pg_config" }).first(where: {
      FileManager.default.isExecutableFile(atPath: $0)
    }), let run = try? await ChildProcess.run([tool, "--bindir"]), run.status == 0 {
      folders.append(run.output.trimmingWhitespace)
    }
    return folders + path + distributionFolders
  }

  /// Newest first.
  private static var distributionFolders: [String] {
    let roots = ["/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql"]
    return roots.flatMap { root -> [String] in
      let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
      let numbers = versions.compactMap { Int($0) }.sorted(by: >)
      return numbers.map { "\(root)/\($0)/bin" } + [root + "/bin"]
    }
  }
}

extension String {
  var trimmingWhitespace: String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
