/// The exit codes of `ong`. They are part of its interface: scripts branch on them, so a code never
/// changes its meaning (`docs/cli.md` lists them).
public enum ExitStatus: Int32, Sendable, CaseIterable {
  case success = 0
  /// The work was understood and tried, and did not succeed.
  case failure = 1
  /// The command line, or a value given on it, cannot be understood.
  case usage = 2
  /// What was named (a job, a queue, a worker) does not exist.
  case notFound = 3
  /// No database was named, or it does not answer or refuses the connection.
  case databaseUnreachable = 4
  /// The database's schema is missing, or too old or too new for this program.
  case schemaMismatch = 5
  /// What was named is in a state that does not admit the command.
  case refused = 6
  /// A second Ctrl-C ended the command at once.
  case interrupted = 130
}

/// Why a command ends without success: for a person to read and a script to branch on.
struct CommandFailure: Error, Equatable {
  var status: ExitStatus
  /// What is wrong, in one sentence.
  var message: String
  /// What to do next, if that is known.
  var advice: String?

  init(_ status: ExitStatus, _ message: String, advice: String? = nil) {
    self.status = status
    self.message = message
    self.advice = advice
  }
}
