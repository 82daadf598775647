import EmulationAwards
import Testing

@Suite(.timeLimit(.minutes(3)))
struct BrowserTests {
  /// The whole way: form, transaction, queue, worker, NOTIFY, live page. The script asks for two
  /// seconds when it runs by itself; here all other tests share the machine with it.
  @Test(.enabled(if: Browser.isInstalled))
  func `a real browser sends a form and sees the new ranking`() async throws {
    try await SiteDatabase.with(debounce: EmulationSettings().recalculationDebounce) { site in
      try await site.settle()
      try await site.serving { address in
        let outcome = try await Browser.run(
          "test_ranking.py", ["ONG_URL": "http://\(address)", "ONG_SECONDS": "10"])
        print(outcome.output)
        #expect(outcome.status == 0, "\(outcome.output)")
      }
    }
  }

  @Test(.enabled(if: Browser.isInstalled))
  func `a real browser signs in, sends its unit's form and no other's, and signs out`()
    async throws
  {
    try await SiteDatabase.with { site in
      try await site.settle()
      try await site.addAccount("an", .officer(unit: "KHOC"))
      try await site.serving { address in
        let outcome = try await Browser.run(
          "test_accounts.py",
          [
            "ONG_URL": "http://\(address)", "ONG_ACCOUNT": "an", "ONG_UNIT": "KHOC",
            "ONG_PASSWORD": SiteDatabase.password,
          ])
        #expect(outcome.status == 0, "\(outcome.output)")
      }
    }
  }
}
