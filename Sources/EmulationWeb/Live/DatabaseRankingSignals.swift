import EmulationAwards
package import LibpqClient
package import Logging

/// Word of changed rankings by LISTEN, on a connection of its own that is opened again whenever it
/// breaks. The domain sends it on commit, with figures as with results.
package struct DatabaseRankingSignals: RankingSignals {
  private let configuration: ConnectionConfiguration
  private let logger: Logger

  package init(
    configuration: ConnectionConfiguration, logger: Logger
  ) {
    self.configuration = configuration
    self.logger = logger
  }

  package func changes(_ receive: @Sendable (RankingSignal) async -> Void) async {
    var backoff = Backoff()
    while !Task.isCancelled {
      do {
        try await listen {
          backoff.reset()
          await receive($0)
        }
      } catch {
        logger.warning("the live rankings lost the database", metadata: ["error": "\(error)"])
      }
      await receive(.lost)
      try? await Task.sleep(for: backoff.next())
    }
  }

  /// Returns when the connection ends.
  private func listen(_ receive: (RankingSignal) async -> Void) async throws {
    let connection = try await Connection.open(configuration, logger: logger)
    do {
      let notifications = try await connection.listen(EmulationStore.changeChannel)
      await receive(.listening)
      for await notification in notifications {
        if let key = Self.key(notification.payload) { await receive(.changed(key)) }
      }
      await connection.close()
    } catch {
      await connection.close()
      throw error
    }
  }

  /// `HDT/2023`, as ``BlocPeriodKey`` describes itself.
  static func key(_ payload: String) -> BlocPeriodKey? {
    let parts = payload.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts.contains("") else { return nil }
    return BlocPeriodKey(bloc: parts[0], period: parts[1])
  }
}
