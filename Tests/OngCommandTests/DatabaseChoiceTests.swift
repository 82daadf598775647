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
