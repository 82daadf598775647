import FoundationEssentials
import Glibc
import JobQueueTesting
import LibpqClient

// What takes the server down. Each returns when it takes writes again.
extension Injector {
  func hurtServer(_ fault: PlannedFault, _ random: inout SeededGenerator) async throws {
    do {
      switch fault.kind {
      case .restartServer: try await servers.crash(pause: fault.span)
      case .killBackend: try await killBackend(&random)
      case .failOver: try await failOver()
      case .fillDisk: try await fillDisk(fault)
      case .jumpServerClock: try await jumpClock(fault, &random)
      default: break
      }
    } catch {
      try? await servers.revive()
      try? await servers.awaitReady(within: .seconds(60))
      throw error
    }
    try await servers.awaitReady(within: .seconds(60))
  }

  private func killBackend(_ random: inout SeededGenerator) async throws {
    let draw = Int64.random(in: 0...Int64.max, using: &random)
    let connection = try await servers.connect()
    let rows = try await connection.query(
      """
      select pid from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'
        and pid <> pg_backend_pid()
      order by md5(pid::text || $1::text) limit 1
      """, [draw])
    guard let process = try rows.first?[0].decode(Int32.self) else {
      throw ChaosError("nobody is connected just now")
    }
    kill(process, SIGKILL)
    // The crash is over us too: the server ends all connections.
    for _ in 0..<200 where connection.isOpen { try await Task.sleep(for: .milliseconds(10)) }
    await connection.close()
  }

  private func failOver() async throws {
    guard await servers.hasStandby else { throw ChaosError("no standby follows just now") }
    try await servers.failOver()
    let socket = await servers.currentSocket
    proxy.lead(to: socket)
    namespaceProxy?.lead(to: socket)
    // The next may come soon, and needs a standby.
    try await servers.awaitReady(within: .seconds(60))
    try await servers.attachStandby()
  }

  private func fillDisk(_ fault: PlannedFault) async throws {
    guard let disk = equipment.disk else { return }
    let before = await servers.panics()
    try await disk.fill()
    do {
      // What is written next needs a new segment of WAL, beside what the load writes.
      try? await withConnection { try await $0.query("select pg_switch_wal()") }
      try await Task.sleep(for: .seconds(fault.span))
    } catch {
      try await disk.free()
      throw error
    }
    try await disk.free()
    try await servers.revive()
    try await servers.awaitReady(within: .seconds(60))
    log.countPanics(max(0, await servers.panics() - before))
  }

  private func jumpClock(_ fault: PlannedFault, _ random: inout SeededGenerator) async throws {
    // Never ahead of the machine's: signal handlers see the machine's time (libfaketime takes its hands
    // off while a process waits), so to a server that is ahead by n seconds each of its timeouts would
    // seem to come too early, and be set again for n seconds.
    let offset = [-60, -20].randomElement(using: &random)!
    try equipment.serverClock?.jump(offset)
    try await Task.sleep(for: .seconds(fault.span))
    try equipment.serverClock?.jump(0)
  }
}
