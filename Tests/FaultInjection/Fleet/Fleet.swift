import FoundationEssentials
import Glibc
import JobQueueTesting
import PrivatePostgres

/// Keeps workers and producers running: who ends is started again after a moment.
actor Fleet {
  /// A worker process that was killed.
  struct Kill: Sendable {
    let process: Int32
    let place: Member.Place
    /// Seconds since 1970.
    let at: Double
  }

  private let members: [Member]
  private let lifeline = try? Lifeline()
  private let journals: String
  private let errors: Int32
  private var children: [Int: ChildProcess] = [:]
  private var killed: Set<Int32> = []
  /// Told to end so that a new one takes their place.
  private var rolled: Set<Int32> = []
  private var ended: Set<Member.Role> = []
  private var random: SeededGenerator
  /// A migration is under way: workers that start now are right to refuse the schema.
  private var migrations = 0
  private(set) var kills: [Kill] = []
  /// What ended by itself, in words.
  private(set) var surprises: [String] = []

  init(_ members: [Member], journals: String, errorLog: String, seed: UInt64) {
    self.members = members
    self.journals = journals
    random = SeededGenerator(seed, for: "fleet")
    errors = open(errorLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
  }

  /// Runs until every member was told to stop and has ended.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      for index in members.indices { group.addTask { await self.keep(index) } }
    }
  }

  private func keep(_ index: Int) async {
    let member = members[index]
    while !ended.contains(member.role) {
      do {
        let child = try ChildProcess(
          member.command, input: lifeline?.readEnd, errors: errors,
          environment: environment(of: member))
        children[index] = child
        var status: Int32?
        while status == nil { status = await child.waitForExit(within: .seconds(600)) }
        children[index] = nil
        judge(member, child.id, status ?? -1)
      } catch {
        surprises.append("\(member.command[0]) cannot be started: \(error)")
        return
      }
      if ended.contains(member.role) { return }
      let pause = Int.random(in: 20...800, using: &random)
      try? await Task.sleep(for: .milliseconds(pause))
    }
  }

  private func environment(of member: Member) -> [String: String] {
    let own = ProcessInfo.processInfo.environment
      .filter { ["PATH", "TZ", "LD_LIBRARY_PATH"].contains($0.key) }
    // A backtrace of each process that is killed would take longer than the run.
    return own.merging(["LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
      .merging(member.environment) { $1 }
  }

  private func judge(_ member: Member, _ process: Int32, _ status: Int32) {
    if killed.remove(process) != nil || isClean(member, status) { return }
    if rolled.remove(process) != nil && status == 0 { return }
    if status == WorkerProgram.schemaMismatch, migrations > 0 { return }
    surprises.append(
      "\(name(of: member)), process \(process), ended by itself with status \(status)"
        + (lastWords(of: process).map { ": \($0)" } ?? ""))
  }

  /// Why a worker says that it ended.
  private func lastWords(of process: Int32) -> String? {
    let journal = try? String(contentsOfFile: "\(journals)/worker-\(process)", encoding: .utf8)
    guard let line = journal?.split(separator: "\n").last, line.hasPrefix("X ") else { return nil }
    return String(line.dropFirst(2))
  }

  private func name(of member: Member) -> String {
    member.role == .worker ? "a worker (\(member.place.rawValue))" : "a \(member.role)"
  }

  /// Who was started a moment before the end may not heed SIGTERM yet.
  private func isClean(_ member: Member, _ status: Int32) -> Bool {
    ended.contains(member.role) && (status == 0 || status == 128 + SIGTERM)
  }

  // MARK: Faults

  /// Kills a worker; nil where none runs.
  func killWorker(_ random: inout SeededGenerator) -> Int32? {
    guard let (index, child) = worker(&random) else { return nil }
    killed.insert(child.id)
    record(child.id, in: members[index].place)
    kill(child.id, SIGKILL)
    return child.id
  }

  /// Kills the process group.
  func killGroup() -> Bool {
    guard let index = members.firstIndex(where: { $0.role == .group }), let child = children[index]
    else { return false }
    let workers = processes(ofGroup: child.id)
    killed.insert(child.id)
    kill(-child.id, SIGKILL)
    for worker in workers { record(worker, in: members[index].place) }
    return true
  }

  /// A running worker's process for somebody to freeze.
  func anyWorker(_ random: inout SeededGenerator) -> Int32? { worker(&random)?.child.id }

  func beginMigration() { migrations += 1 }
  func endMigration() { migrations -= 1 }

  private func worker(
    _ random: inout SeededGenerator
  ) -> (index: Int, child: ChildProcess)? {
    let running = children.filter { members[$0.key].role == .worker }.sorted { $0.key < $1.key }
    return running.randomElement(using: &random).map { (index: $0.key, child: $0.value) }
  }

  private func record(_ process: Int32, in place: Member.Place) {
    kills.append(Kill(process: process, place: place, at: wallClockNow()))
  }

  private func processes(ofGroup group: Int32) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: journals)) ?? []
    return names.filter { $0.hasPrefix("worker-") }.compactMap { Int32($0.dropFirst(7)) }
      .filter { getpgid($0) == group }
  }

  // MARK: Deploys

  /// Restarts a member as a deploy does: SIGTERM, and a new process when it has ended. False: it did
  /// not run, or did not end by itself within half a minute.
  func roll(_ index: Int) async -> Bool {
    guard let child = children[index] else { return false }
    rolled.insert(child.id)
    kill(child.id, SIGTERM)
    if await child.waitForExit(within: .seconds(30)) == 0 { return true }
    surprises.append("\(name(of: members[index])), process \(child.id), did not end for a deploy")
    return false
  }

  /// The running processes of a role, by the member's place.
  func processes(_ role: Member.Role) -> [Int: Int32] {
    children.filter { members[$0.key].role == role }.mapValues(\.id)
  }

  // MARK: The end

  /// Producers stop after their transaction; a group's worker drains too.
  func stopProducing() async {
    await stop(.producer)
    await stop(.group)
  }

  /// Workers drain and end.
  func stopWorking() async { await stop(.worker) }

  private func stop(_ role: Member.Role) async {
    ended.insert(role)
    let leaving = children.filter { members[$0.key].role == role }
    for child in leaving.values { kill(role == .group ? -child.id : child.id, SIGTERM) }
    for (index, child) in leaving where await !hasLeft(child, role) {
      surprises.append(
        "\(name(of: members[index])), process \(child.id), does not end when it is told to")
      killed.insert(child.id)
      kill(-child.id, SIGKILL)
    }
  }

  /// Told more than once, because who is just starting may not listen yet.
  private func hasLeft(_ child: ChildProcess, _ role: Member.Role) async -> Bool {
    for _ in 0..<10 {
      kill(role == .group ? -child.id : child.id, SIGTERM)
      if await child.waitForExit(within: .seconds(2)) != nil { return true }
    }
    return false
  }
}
