import EmulationAwards
import Foundation

extension Table {
  /// `ong accounts ls`.
  static func accounts(_ accounts: [AccountOverview], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "NAME"),
        .init(title: "DISPLAY NAME", minimumWidth: 10, expendability: 1),
        .init(title: "ROLE"),
        .init(title: "STATE"),
        .init(title: "SESSIONS", alignment: .right),
        .init(title: "CHANGED", alignment: .right, expendability: 2),
      ],
      rows: accounts.map { account in
        [
          account.name, account.displayName,
          [account.role, account.unit ?? account.bloc].compactMap(\.self).joined(separator: " of "),
          account.disabledAt == nil ? "enabled" : "disabled", "\(account.sessions)",
          DurationText.between(account.changedAt, and: now) + " ago",
        ]
      })
  }

  /// `ong accounts sessions`.
  static func sessions(_ sessions: [SessionOverview], now: Date) -> Table {
    Table(
      columns: [
        .init(title: "ACCOUNT"),
        .init(title: "SIGNED IN", alignment: .right),
        .init(title: "LAST SEEN", alignment: .right),
        .init(title: "EXPIRES IN", alignment: .right),
      ],
      rows: sessions.map { session in
        [
          session.account, DurationText.between(session.createdAt, and: now) + " ago",
          DurationText.between(session.lastSeenAt, and: now) + " ago",
          DurationText.between(now, and: session.expiresAt),
        ]
      })
  }
}
