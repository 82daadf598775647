import ArgumentParser
import Logging

/// How much a long-running command tells of its work, on standard error.
struct LogOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Least level that is logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "level"),
    transform: Self.level)
  var logLevel: Logger.Level = .notice

  func logger() -> Logger {
    var logger = Logger(label: "ong", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = logLevel
    return logger
  }

  private static func level(_ text: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text) else {
      throw ValidationError("'\(text)' is no log level")
    }
    return level
  }
}
