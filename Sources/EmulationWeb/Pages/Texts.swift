/// Every label of the pages, in one place: terms change with each decree. Templates name them as
/// `t.…`. What belongs to the domain (classes, states, problems) has its words there.
struct Texts: Sendable {
  let language: String
  let siteName: String
  let siteMotto: String
  let skipToContent: String
  let otherLanguage: String
  let navigation: String
  let footer: String
  let timeZone: String

  let reference: String
  let toFrontPage: String

  let blocs: String
  let noBlocs: String
  let noBlocsHint: String

  let ranking: String
  let unit: String
  let rank: String
  let bonus: String
  let deduction: String
  let total: String
  let rating: String
  let sheet: String
  let openSheet: String
  let notRanked: String
  let shared: String
  let noRankingYet: String
  let noRankingHint: String
  let groups: String
  let maximum: String
  let recalculating: String
  let upToDate: String
  let resultRevision: String
  let computedAt: String
  let scheme: String
  let updated: String
  let movedUp: String
  let movedDown: String
  let offline: String
  let sheetReceived: String
  let sheetReceivedHint: String

  let selfScore: String
  let chooseUnit: String
  let notSent: String
  let sent: String
  let sheetRevision: String
  let firstSheet: String
  let pointsNow: String
  let atMost: String
  let pointsUnit: String
  let actual: String
  let target: String
  let targetHint: String
  let achieved: String
  let notAchieved: String
  let occurrences: String
  let bonuses: String
  let penalties: String
  let decimalHint: String
  let send: String
  let sendAgain: String
  let backToRanking: String
  let correctFirst: String
  let correctHint: String
  let conflict: String
  let conflictHint: String
  let storedNow: String
  let discardMine: String
  let expired: String
  let expiredHint: String
  let closed: String
  let closedHint: String

  let documents: String
  let reports: String
  let noReports: String
  let yearEndReport: String
  let download: String
  let renderedAt: String
  let checksum: String
  let decisions: String
  let draft: String
  let noDecisions: String
  let notices: String
  let noNotices: String
  let recipient: String
  let state: String
  let sentAt: String

  let ruleQuantitative: String
  let ruleQualitative: String
  let rulePerOccurrence: String
  let ruleBonus: String
  let rulePenalty: String

  let signIn: String
  let signOut: String
  let signInNeeded: String
  let signInNeededHint: String
  let signInRefused: String
  let signInRefusedHint: String
  let waitBefore: String
  let waitHint: String
  let formExpired: String
  let formExpiredHint: String
  let accountName: String
  let password: String
  let forgotten: String
  let account: String
  let officerOf: String
  let secretaryOf: String
  let secretaryOfAll: String
  let changePassword: String
  let oldPassword: String
  let newPassword: String
  let newPasswordAgain: String
  let passwordRule: String
  let passwordRuleHint: String
  let passwordChanged: String
  let passwordChangedHint: String
  let passwordKept: String
  let wrongOldPassword: String
  let passwordsDiffer: String
  let passwordTooShort: String
  let passwordTooLong: String
  let passwordControl: String
  let sentBy: String

  static func of(_ language: Language) -> Texts { language == .vi ? vi : en }
}
