public import Foundation

/// What pages and commands read and write. ``EmulationStore`` keeps it in PostgreSQL.
///
/// Functions that name a bloc and period throw ``EmulationError/unknown(_:)`` if there is none.
public protocol EmulationStorage: Sendable {
  /// All blocs in all their periods, newest period first, then by bloc code.
  func blocPeriods() async throws -> [BlocPeriod]
  func blocPeriod(_ key: BlocPeriodKey) async throws -> BlocPeriod
  /// The units that are in the bloc on the period's last day, by code.
  func members(of key: BlocPeriodKey) async throws -> [EmulationUnit]
  func scheme(of key: BlocPeriodKey) async throws -> ScoringScheme

  /// The newest result set; nil before the first. It is up to date if its `inputRevision` equals
  /// the one of ``BlocPeriod``.
  func ranking(of key: BlocPeriodKey) async throws -> Ranking?

  /// The stored sheet; one without figures and with revision 0 if there is none yet.
  func sheet(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SelfScoreSheet

  /// Checks the sheet, stores it, bumps the period's input revision and enqueues
  /// `score.recalculate`, all in one transaction or not at all. A sheet equal to the stored one
  /// changes nothing and enqueues nothing.
  ///
  /// Throws ``SheetRejected`` with every problem of the figures, ``EmulationError/conflict(_:)`` if
  /// the sheet was changed since the revision that was read, ``EmulationError/refused(_:)`` if the
  /// period's state takes no such sheet.
  ///
  /// - Parameter author: the name of the account that sent it, which is kept with the revision;
  ///   nil: nobody knows.
  @discardableResult
  func submitSheet(_ sheet: SelfScoreSheet, author: String?) async throws -> SheetReceipt

  /// Who sent the sheet as it is stored; nil if nobody knows.
  func submission(
    of unit: String, in key: BlocPeriodKey, stage: SheetStage
  ) async throws -> SheetSubmission?

  /// Rendered reports of the period, newest first.
  func reports(of key: BlocPeriodKey) async throws -> [ReportArtefact]
  /// Decisions on the period, newest first.
  func decisions(of key: BlocPeriodKey) async throws -> [Decision]
  /// Notices of the period's decisions, by recipient.
  func notices(of key: BlocPeriodKey) async throws -> [Notice]
}

extension EmulationStorage {
  /// Sends a sheet of which nobody knows who filled it in.
  @discardableResult
  public func submitSheet(_ sheet: SelfScoreSheet) async throws -> SheetReceipt {
    try await submitSheet(sheet, author: nil)
  }
}

/// Who sent a revision of a sheet, and when.
public struct SheetSubmission: Hashable, Sendable {
  public let revision: Int
  /// The account's name.
  public let author: String
  public let submittedAt: Date

  public init(revision: Int, author: String, submittedAt: Date) {
    self.revision = revision
    self.author = author
    self.submittedAt = submittedAt
  }
}

/// What became of a sheet that was sent.
public struct SheetReceipt: Hashable, Sendable {
  /// The sheet's new revision; send the next edit with it.
  public let sheetRevision: Int
  /// The period's input revision with this sheet in it. The ranking shows the sheet as soon as its
  /// own input revision has reached this one.
  public let inputRevision: Int64
  /// False if the sheet was equal to the stored one.
  public let isChanged: Bool

  public init(sheetRevision: Int, inputRevision: Int64, isChanged: Bool) {
    self.sheetRevision = sheetRevision
    self.inputRevision = inputRevision
    self.isChanged = isChanged
  }
}

/// A sheet that cannot be stored, with everything that is wrong with it.
public struct SheetRejected: Error, Hashable, Sendable {
  public struct Problem: Hashable, Sendable {
    /// The leaf's code.
    public let criterion: String
    /// `actual`, `target`, `achieved`, `occurrences`, `bonuses`, `penalties`, or empty for the
    /// whole figure.
    public let field: String
    public let message: LocalizedText

    public init(criterion: String, field: String, message: LocalizedText) {
      self.criterion = criterion
      self.field = field
      self.message = message
    }
  }
  /// Never empty; in the order of the form.
  public let problems: [Problem]

  public init(problems: [Problem]) { self.problems = problems }
}

extension SheetRejected: CustomStringConvertible {
  public var description: String {
    problems.map { "\($0.criterion) \($0.field): \($0.message.en)" }.joined(separator: "; ")
  }
}

/// Why the domain does not do what was asked.
public enum EmulationError: Error, Hashable, Sendable {
  /// The bloc, period, unit, notice or other thing that was named does not exist.
  case unknown(LocalizedText)
  /// Somebody else changed it in the meantime; read it again.
  case conflict(LocalizedText)
  /// The rules do not allow it in this state.
  case refused(LocalizedText)

  public var message: LocalizedText {
    switch self {
    case .unknown(let text), .conflict(let text), .refused(let text): text
    }
  }
}

extension EmulationError: CustomStringConvertible {
  /// Both languages: dead letters are read by people of the bloc, too.
  public var description: String { "\(message.vi) (\(message.en))" }
}
