/// What stands around a run, and goes whatever becomes of it.
struct RunScaffold {
  let equipment: Equipment
  let servers: ServerPair
  let interruption: Interruption

  /// - Parameters:
  ///   - kinds: the faults to be equipped for.
  ///   - keepsFolder: leaves the folder of the run behind, unless it is given up.
  static func with<Report: Sendable>(
    _ kinds: Set<FaultKind>, keepsFolder: Bool, say: @Sendable (String) -> Void,
    _ body: (RunScaffold) async throws -> Report
  ) async throws -> Report {
    let equipment = try await Equipment.prepare(for: kinds)
    let interruption = Interruption { await equipment.remove(keepingFolder: false) }
    defer { interruption.ignore() }
    if keepsFolder { say("folder \(equipment.folder)") }
    do {
      let servers = try await ServerPair.start(
        in: equipment.servers, environment: equipment.serverClock?.environment ?? [:])
      do {
        let report = try await body(
          RunScaffold(equipment: equipment, servers: servers, interruption: interruption))
        await servers.stop()
        await equipment.remove(keepingFolder: keepsFolder)
        return report
      } catch {
        await servers.stop()
        throw error
      }
    } catch {
      await equipment.remove(keepingFolder: keepsFolder)
      throw error
    }
  }
}
