import EmulationAwards
import Foundation

/// The self-scoring form of one unit, worded for one language.
struct SheetView {
  /// What the form has to say about itself beside its figures.
  enum Notice: Equatable {
    case none, expired
    /// Problems stand beside their fields.
    case rejected
    /// The sheet changed meanwhile; fields show what is stored.
    case conflict
  }

  struct Input {
    let id: String
    let label: String
    let measure: String?
    let value: String
    let isChoice: Bool
    let isYes: Bool
    let isNo: Bool
    let isCount: Bool
    let hint: String?
    let problem: String?
    let stored: String?
    let isMarked: Bool
    let isClosed: Bool
  }

  struct Leaf {
    let code: String
    let name: String
    let rule: String
    let limit: String?
    let pointsNow: String?
    let inputs: [Input]
  }

  struct Group {
    let code: String
    let name: String
    /// Not `limit`: a leaf without one would take its group's.
    let groupLimit: String?
    let leaves: [Leaf]
  }

  /// A line of the summary above the form, leading to its field.
  struct Problem {
    let id: String
    let label: String
    let message: String
  }

  let page: PageFrame
  let t: Texts
  let unitName: String
  let otherName: String?
  let groups: [Group]
  let action: String
  let rankingURL: String
  let tokenField: String
  let token: String
  let revisionField: String
  let revision: Int
  let isFirst: Bool
  /// Who sent the stored sheet, and when; nil where nobody knows.
  let author: String?
  let sentTime: String?
  let isOpen: Bool
  let isExpired: Bool
  let isConflict: Bool
  let isRejected: Bool
  let problems: [Problem]
}

extension SheetView {
  /// - Parameters:
  ///   - form: what stands in the inputs.
  ///   - stored: what the database has, to compare with after a conflict.
  init(
    page: PageFrame, language: Language, bloc: BlocPeriod, scheme: ScoringScheme,
    unit: EmulationUnit, form: SheetForm, stored: SheetForm, score: UnitScore?,
    submission: SheetSubmission?, notice: Notice, problems: [SheetRejected.Problem],
    token: FormToken, action: String
  ) {
    let wording = SheetWording(
      language: language, scheme: scheme, form: form,
      stored: notice == .conflict ? stored : nil, score: score, problems: problems,
      isOpen: bloc.state.accepts(.selfScore))
    self.page = page
    t = Texts.of(language)
    unitName = language(unit.name)
    otherName = language.other(unit.name)
    groups = wording.groups
    self.action = action
    rankingURL = PagePaths(language: language, key: bloc.key).ranking
    tokenField = FormToken.fieldName
    // After a conflict the next sending replaces what is stored now, knowingly.
    revision = notice == .conflict ? stored.revision : form.revision
    self.token = token.code(path: action, revision: revision)
    revisionField = SheetForm.revisionField
    isFirst = revision == 0
    author = submission?.author
    sentTime = submission.map { language.time($0.submittedAt) }
    isOpen = bloc.state.accepts(.selfScore)
    isExpired = notice == .expired
    isConflict = notice == .conflict
    isRejected = notice == .rejected
    self.problems = wording.summary
  }
}
