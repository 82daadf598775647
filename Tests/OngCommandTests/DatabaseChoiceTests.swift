import Foundation
import LibpqClient
import Testing

@testable import OngCommand

@Suite struct DatabaseChoiceTests {
  private func chosen(_ option: String?, _ environment: [String: String]) -> String {
    let folder = URL(filePath: "/somewhere/.ong", directoryHint: .isDirectory)
    switch DatabaseChoice(option: option, environment: environment, directory: folder) {
    case .named(let configuration, let source): return "\(source): \(configuration.conninfo)"
    case .kept(let folder): return "kept in \(folder.path)"
    }
  }

  @Test("A named database may be behind a pooler, by whatever it is named")
  func pooling() {
    let folder = URL(filePath: "/somewhere/.ong", directoryHint: .isDirectory)
    for (option, environment) in [
      ("postgresql://a/", [:]), (nil, ["ONG_DATABASE_URL": "postgresql://b/"]),
      (nil, ["PGHOST": "c"]),
    ] as [(String?, [String: String])] {
      for pooling in [ConnectionConfiguration.Pooling.session, .transaction] {
        let choice = DatabaseChoice(
          option: option, environment: environment, directory: folder, pooling: pooling)
        guard case .named(let configuration, _) = choice else {
          Issue.record("nothing is named")
          continue
        }
        #expect(configuration.pooling == pooling)
      }
    }
  }

  @Test("The option wins over the variable, that over libpq's own, those over the private server")
  func order() {
    let all = ["ONG_DATABASE_URL": "postgresql://b/", "PGHOST": "c"]
    #expect(chosen("postgresql://a/", all) == "--database: postgresql://a/")
    #expect(chosen(nil, all) == "ONG_DATABASE_URL: postgresql://b/")
    #expect(chosen(nil, ["PGHOST": "c"]) == "PG…: ")
    #expect(chosen(nil, ["PGSERVICE": "office"]) == "PG…: ")
    #expect(chosen(nil, ["ONG_DATABASE_URL": "", "HOME": "/root"]) == "kept in /somewhere/.ong")
  }
}
