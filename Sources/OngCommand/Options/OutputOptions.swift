import ArgumentParser
import Foundation

/// Where reports and mail go.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder of rendered reports. Default: reports/ in --directory.", valueName: "folder"))
  var reports: String?

  @Option(
    help: ArgumentHelp(
      "Maildir for notices while no mail server is set. Default: mail/ in --directory.",
      valueName: "folder"))
  var mail: String?

  func folders(_ database: DatabaseOptions) -> OutputFolders {
    let base = URL(filePath: database.directory, directoryHint: .isDirectory)
    func folder(_ path: String?, _ name: String) -> URL {
      path.map { URL(filePath: $0, directoryHint: .isDirectory) }
        ?? base.appending(path: name, directoryHint: .isDirectory)
    }
    return OutputFolders(reports: folder(reports, "reports"), mail: folder(mail, "mail"))
  }
}

struct OutputFolders: Equatable {
  var reports: URL
  var mail: URL
}
