import Foundation
import PackagePlugin

/// Builds text files of the package into a target as string literals, so that the finished binary
/// needs no file beside it and can be moved. A prebuild command sees new files without a change to
/// the manifest and costs a fraction of a second.
@main
struct EmbedFiles: BuildToolPlugin {
  /// Which folders a target embeds: the name of the generated constant and the folder's path.
  static let folders: [String: [(constant: String, path: String)]] = [
    "QueueSchema": [("queue", "sql/queue"), ("shared", "sql/shared")],
    "EmulationWeb": [
      ("templates", "Sources/EmulationWeb/Templates"), ("assets", "Sources/EmulationWeb/Assets"),
    ],
    "EmulationAwards": [
      ("emulation", "sql/emulation"), ("sample", "Sources/EmulationAwards/Sample"),
    ],
  ]

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let output = context.pluginWorkDirectoryURL
    let package = context.package.directoryURL
    let pairs = Self.folders[target.name, default: []]
    return [
      .prebuildCommand(
        displayName: "Embed files of \(target.name)",
        executable: URL(filePath: "/bin/sh"),
        arguments: [
          package.appending(path: "Plugins/EmbedFiles/embed.sh").path,
          output.appending(path: "EmbeddedFiles.swift").path,
        ] + pairs.flatMap { [$0.constant, package.appending(path: $0.path).path] },
        outputFilesDirectory: output)
    ]
  }
}
