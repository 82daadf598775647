import Foundation

/// The sample as it lies in the source tree.
enum SampleFiles {
  static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/EmulationAwards/Sample")
  }

  /// The built-in files, one of them changed.
  static func changed(
    _ file: String, _ change: (String) -> String
  ) throws -> [(path: String, text: String)] {
    try ["bloc", "scheme", "criteria", "units", "figures", "recipients"].map {
      let name = "\($0).csv"
      let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      return (name, name == file ? change(text) : text)
    }
  }
}
