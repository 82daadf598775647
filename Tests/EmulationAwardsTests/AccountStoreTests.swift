import EmulationAwards
import Foundation
import LibpqClient
import Testing

/// Accounts, sessions and attempts as the database keeps them.
struct AccountStoreTests {
  private static let limits = SessionLimits()
  private let hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA"

  private func withAccounts(
    _ body: (EmulationDatabase, AccountStore) async throws -> Void
  ) async throws {
    try await EmulationDatabase.with { database in
      _ = try await database.store.importSample(try SampleData.builtIn())
      try await body(database, AccountStore(pool: database.pool))
    }
  }

  private func begin(_ accounts: AccountStore, _ byte: UInt8) async throws -> Bool {
    try await accounts.beginSession(
      name: "an", address: "192.0.2.1", checkedHash: hash,
      tokenHash: Data(repeating: byte, count: 32), limits: Self.limits)
  }

  @Test("An account is made once, for a unit or bloc that exists, and its name is its identity")
  func make() async throws {
    try await withAccounts { database, accounts in
      #expect(try await accounts.signInRequired() == false)
      #expect(try await accounts.visit(tokenHash: nil) == .open)
      let an = Account(name: "an", displayName: "Hội An", role: .officer(unit: "CTD"))
      try await accounts.create(an, passwordHash: hash)
      #expect(try await accounts.visit(tokenHash: nil) == .stranger)
      for (role, code) in [
        (Account.Role.officer(unit: "CTD"), AccountError.Code.nameTaken),
        (.officer(unit: "NONE"), .unknownUnitOrBloc), (.secretary(bloc: "X"), .unknownUnitOrBloc),
      ] {
        let error = await #expect(throws: AccountError.self) {
          try await accounts.create(
            Account(name: "an", displayName: "An", role: role), passwordHash: hash)
        }
        #expect(error?.code == code && error?.hint?.isEmpty == false)
      }
      let listed = try await accounts.accounts()
      #expect(listed.map(\.name) == ["an"] && listed[0].unit == "CTD" && listed[0].sessions == 0)
      await #expect(throws: DatabaseError.self) {
        try await accounts.create(
          Account(name: "Binh", displayName: "B", role: .secretary(bloc: nil)), passwordHash: hash)
      }
      await #expect(throws: DatabaseError.self) {
        try await accounts.create(
          Account(name: "binh", displayName: "B", role: .secretary(bloc: nil)),
          passwordHash: "mùa thu Hà Nội")
      }
    }
  }

  @Test(
    "A session begins under the password that was checked and no other, and is told by its hash")
  func sessions() async throws {
    try await withAccounts { database, accounts in
      let an = Account(name: "an", displayName: "Hội An", role: .officer(unit: "CTD"))
      try await accounts.create(an, passwordHash: hash)
      #expect(try await begin(accounts, 1))
      #expect(
        try await accounts.visit(tokenHash: Data(repeating: 1, count: 32)) == .signedIn(an))
      #expect(try await accounts.visit(tokenHash: Data(repeating: 2, count: 32)) == .stranger)
      #expect(try await accounts.sessions().map(\.account) == ["an"])
      #expect(try await accounts.sessions(of: "binh").isEmpty)

      #expect(
        try await accounts.changePassword(name: "an", checkedHash: "x", newHash: hash + "A")
          == false)
      #expect(
        try await accounts.changePassword(name: "an", checkedHash: hash, newHash: hash + "A"))
      #expect(try await accounts.visit(tokenHash: Data(repeating: 1, count: 32)) == .stranger)
      #expect(try await begin(accounts, 3) == false)
      try await accounts.setPassword(of: "an", hash: hash)
      #expect(try await begin(accounts, 3))
      #expect(try await accounts.endSessions(of: "an") == 1)
      #expect(try await begin(accounts, 4))
      try await accounts.disable("an")
      #expect(try await accounts.sessions().isEmpty)
      #expect(try await begin(accounts, 5) == false)
      #expect(
        try await accounts.beginSignIn(name: "an", address: "192.0.2.1") == .check(hash: nil))
      try await accounts.enable("an")
      #expect(
        try await accounts.beginSignIn(name: "an", address: "192.0.2.1") == .check(hash: hash))
    }
  }

  @Test("Whoever does not exist is named, and the last account goes only when that is said")
  func remove() async throws {
    try await withAccounts { database, accounts in
      for act in [accounts.disable, accounts.enable] as [(String) async throws -> Void] {
        let error = await #expect(throws: AccountError.self) { try await act("nobody") }
        #expect(error?.code == .unknownAccount)
      }
      for name in ["an", "binh"] {
        try await accounts.create(
          Account(name: name, displayName: name, role: .secretary(bloc: nil)), passwordHash: hash)
      }
      #expect(try await begin(accounts, 1))
      try await accounts.remove("an", openPages: false)
      #expect(try await database.count("session") == 0)
      let error = await #expect(throws: AccountError.self) {
        try await accounts.remove("binh", openPages: false)
      }
      #expect(error?.code == .lastAccount)
      #expect(try await accounts.visit(tokenHash: nil) == .stranger)
      try await accounts.remove("binh", openPages: true)
      #expect(try await accounts.visit(tokenHash: nil) == .open)
    }
  }

  @Test("Attempts are counted before they end, so that many at once are no way around the wait")
  func attempts() async throws {
    try await withAccounts { database, accounts in
      let answers = try await withThrowingTaskGroup(of: AccountStore.Attempt.self) { tasks in
        for number in 1...20 {
          tasks.addTask {
            try await accounts.beginSignIn(name: "an", address: "192.0.2.\(number)")
          }
        }
        return try await tasks.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count { $0 == .check(hash: nil) } == 5)
    }
  }

  @Test("The wait doubles up to a quarter of an hour, a success ends it, and a day forgets it")
  func waits() async throws {
    try await withAccounts { database, accounts in
      func pass(_ time: String) async throws {
        try await database.pool.query(
          "update emulation.sign_in_attempt set last_at = last_at - $1::interval", [time])
      }
      func wait() async throws -> Int {
        guard
          case .wait(let time) = try await accounts.beginSignIn(name: "an", address: "192.0.2.1")
        else { return 0 }
        return Int((time / .seconds(1)).rounded(.up))
      }
      for _ in 1...5 { #expect(try await wait() == 0) }
      for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        #expect(try await wait() == seconds)
        try await pass("\(seconds) seconds")
        #expect(try await wait() == 0)
      }
      try await pass("1 day")
      for _ in 1...5 { #expect(try await wait() == 0) }
      #expect(try await wait() == 1)
      try await accounts.create(
        Account(name: "an", displayName: "An", role: .secretary(bloc: nil)), passwordHash: hash)
      try await pass("1 second")
      #expect(try await begin(accounts, 1))
      #expect(try await wait() == 0)
    }
  }

  @Test("What was typed as a name is not kept, and the table of attempts has an end")
  func names() async throws {
    try await withAccounts { database, accounts in
      _ = try await accounts.beginSignIn(name: "mùa thu Hà Nội", address: "192.0.2.1")
      let kept = try await database.pool.query(
        "select string_agg(a::text, ' '), max(bucket) < 1 << 20 from emulation.sign_in_attempt a")
      #expect(try !kept[0, 0].decode(String.self).contains("thu"))
      #expect(try kept[0, 1].decode(Bool.self))
    }
  }

  @Test("A revision's author is kept with it, and never changed")
  func author() async throws {
    try await withAccounts { database, _ in
      let key = BlocPeriodKey(bloc: "HDT", period: "2023")
      var sheet = try await database.store.sheet(of: "LG", in: key, stage: .selfScore)
      #expect(try await database.store.submission(of: "LG", in: key, stage: .selfScore) == nil)
      sheet.figures["I.4"] = .occurrences(1)
      try await database.store.submitSheet(sheet, author: "an")
      let submission = try await database.store.submission(of: "LG", in: key, stage: .selfScore)
      #expect(submission?.author == "an" && submission?.revision == 2)
      await #expect(throws: DatabaseError.self) {
        try await database.pool.query("update emulation.submission set author = 'binh'")
      }
    }
  }

  @Test(
    "A name is what was typed, without blanks and in small letters",
    arguments: [
      ("an", "an"), (" An\t", "an"), ("an.nguyen@example.vn", "an.nguyen@example.vn"), ("", nil),
      ("a b", nil), ("bình", nil), ("-an", nil), (String(repeating: "a", count: 65), nil),
    ] as [(String, String?)])
  func name(typed: String, name: String?) {
    #expect(AccountName.normalised(typed) == name)
  }

  @Test("Who may open which form and read which bloc")
  func mayDo() {
    let (here, there) = (
      BlocPeriodKey(bloc: "A", period: "2023"), BlocPeriodKey(bloc: "B", period: "2023")
    )
    let unit = EmulationUnit(code: "U", name: LocalizedText(vi: "U", en: "U"))
    let officer = Account(name: "an", displayName: "An", role: .officer(unit: "U"))
    #expect(officer.maySubmit("U", in: here) && !officer.maySubmit("V", in: here))
    #expect(officer.mayRead(here, members: [unit]) && !officer.mayRead(there, members: []))
    let secretary = Account(name: "bo", displayName: "Bo", role: .secretary(bloc: "A"))
    #expect(secretary.maySubmit("V", in: here) && !secretary.maySubmit("V", in: there))
    #expect(secretary.mayRead(here, members: []) && !secretary.mayRead(there, members: [unit]))
    let all = Account(name: "chi", displayName: "Chi", role: .secretary(bloc: nil))
    #expect(all.maySubmit("V", in: there) && all.mayRead(there, members: []))
  }
}
