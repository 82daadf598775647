public import Foundation

/// Everything a bloc needs for one period, read from files that a person can edit. The README beside
/// the built-in files says what each column is.
public struct SampleData: Hashable, Sendable {
  public let bloc: Bloc
  public let period: Period
  public let head: BlocHead
  public let memberships: [Membership]
  public let exclusions: [Exclusion]
  public let scheme: ScoringScheme
  /// Complete self-score sheets, at most one a unit.
  public let sheets: [SelfScoreSheet]
  public let recipients: [Recipient]
  /// Of the year-end report.
  public let document: DocumentDetails
  public let decision: DecisionDraft

  public var key: BlocPeriodKey { BlocPeriodKey(bloc: bloc.code, period: period.code) }

  /// The bloc of fifteen associations that is built into the program.
  public static func builtIn() throws -> SampleData {
    try SampleData(files: EmbeddedFiles.sample)
  }

  /// Reads files given as name and text. Throws ``SampleRejected``: all or nothing.
  public init(files: [(path: String, text: String)]) throws {
    self = try SampleReader(files: files).read()
  }

  /// Reads the files of a folder. Throws ``SampleRejected``, also for files that cannot be read.
  public init(folder: URL) throws {
    var files: [(path: String, text: String)] = []
    var damages: [SampleDamage] = []
    for name in SampleReader.names {
      do throws(SampleDamage) {
        files.append((name, try Self.text(of: name, in: folder)))
      } catch { damages.append(error) }
    }
    if !damages.isEmpty { throw SampleRejected(damages: damages) }
    try self.init(files: files)
  }

  private static func text(of name: String, in folder: URL) throws(SampleDamage) -> String {
    let data: Data
    do {
      data = try Data(contentsOf: folder.appending(path: name))
    } catch {
      throw SampleDamage(
        file: name, line: 0, column: 0, message: "cannot be read in \(folder.path)")
    }
    return try DelimitedText.decoded([UInt8](data), file: name)
  }

  /// A sample that a program puts together; nothing is checked here.
  public init(
    bloc: Bloc, period: Period, head: BlocHead, memberships: [Membership],
    exclusions: [Exclusion], scheme: ScoringScheme, sheets: [SelfScoreSheet],
    recipients: [Recipient], document: DocumentDetails, decision: DecisionDraft
  ) {
    self.bloc = bloc
    self.period = period
    self.head = head
    self.memberships = memberships
    self.exclusions = exclusions
    self.scheme = scheme
    self.sheets = sheets
    self.recipients = recipients
    self.document = document
    self.decision = decision
  }
}
