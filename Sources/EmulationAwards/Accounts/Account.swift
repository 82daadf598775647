/// Somebody who may use the pages.
package struct Account: Hashable, Sendable {
  /// What an account may do.
  package enum Role: Hashable, Sendable {
    /// Sends the form of one unit, and reads what its blocs may read.
    case officer(unit: String)
    /// Sends the form of every unit of a bloc and reads everything in it; nil: of every bloc.
    case secretary(bloc: String?)
  }

  /// What is typed to sign in, see ``AccountName``.
  package let name: String
  package let displayName: String
  package let role: Role

  package init(name: String, displayName: String, role: Role) {
    self.name = name
    self.displayName = displayName
    self.role = role
  }

  /// Whether it may open and send the form of a unit.
  package func maySubmit(_ unit: String, in bloc: BlocPeriodKey) -> Bool {
    switch role {
    case .officer(let own): own == unit
    case .secretary(let own): own == nil || own == bloc.bloc
    }
  }

  /// Whether it may read what a bloc does not show to everybody.
  ///
  /// - Parameter members: the units of the bloc in that period.
  package func mayRead(_ bloc: BlocPeriodKey, members: [EmulationUnit]) -> Bool {
    switch role {
    case .officer(let unit): members.contains { $0.code == unit }
    case .secretary(let own): own == nil || own == bloc.bloc
    }
  }
}

/// The names that accounts can have: 1 to 64 of `a`–`z`, `0`–`9`, `.`, `_`, `@` and `-`.
package enum AccountName {
  /// The name that a text means: without blanks around it, in small letters. Nil if it means none.
  package static func normalised(_ text: String) -> String? {
    let blanks = text.drop(while: \.isWhitespace)
    let name = String(blanks.prefix { !$0.isWhitespace })
    guard blanks.dropFirst(name.count).allSatisfy(\.isWhitespace) else { return nil }
    return name.lowercased().wholeMatch(of: /[a-z0-9][a-z0-9._@\-]{0,63}/).map { String($0.output) }
  }
}

/// How long a session lasts.
package struct SessionLimits: Sendable {
  /// It ends when nobody has used it for so long. Default 12 h: a working day.
  package var idle: Duration = .seconds(12 * 3600)
  /// It ends so long after the sign-in in any case. Default 7 days.
  package var lifetime: Duration = .seconds(7 * 86_400)

  package init() {}
}
