import Foundation

/// The standard streams of the command: results go to standard output, everything said beside them
/// to standard error, so that a pipe gets results only.
enum Terminal {
  /// The columns a table may take: `COLUMNS` if it is set, else the terminal's width; nil where
  /// output is not a terminal, for a file or a pipe should get every letter.
  static func width(environment: [String: String] = ProcessInfo.processInfo.environment) -> Int? {
    if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  static func printLines(_ lines: [String]) {
    write(lines.map { $0 + "\n" }.joined(), to: .standardOutput)
  }

  static func say(_ line: String) {
    write(line + "\n", to: .standardError)
  }

  static func printTable(_ table: Table) {
    printLines(table.lines(width: width()))
  }

  /// A reader that went away (`ong jobs ls | head`) ends the writing, not the command with a trace.
  private static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
