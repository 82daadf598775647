import FoundationEssentials
import Glibc

/// What a run has beside its servers and processes. What the machine does not let us have is missing,
/// and the faults that need it are skipped with the reason.
struct Equipment: Sendable {
  /// The folder of the run; anybody may pass it, because the server runs as another user.
  let folder: String
  private(set) var disk: SmallDisk?
  private(set) var workerClock: FakeClock?
  private(set) var serverClock: FakeClock?
  private(set) var namespace: NetworkNamespace?
  private(set) var skipped: [FaultKind: String] = [:]

  var journals: String { folder + "/journals" }
  var errorLog: String { folder + "/processes.log" }
  private var disks: String { folder + "/disk" }
  /// Where the servers live.
  var servers: String { disks }

  static func prepare(for kinds: Set<FaultKind>) async throws -> Equipment {
    var path = Array("/tmp/ong-chaos-XXXXXX".utf8CString)
    guard mkdtemp(&path) != nil else { throw ChaosError("cannot write to /tmp") }
    let folder = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    chmod(folder, 0o755)
    await Leftovers.remove()
    try Leftovers.mark(folder)
    var equipment = Equipment(folder: folder)
    for name in [equipment.journals, equipment.disks] { mkdir(name, 0o755) }
    await equipment.get(kinds)
    return equipment
  }

  private init(folder: String) { self.folder = folder }

  private mutating func get(_ kinds: Set<FaultKind>) async {
    let disks = disks
    if kinds.contains(.fillDisk) {
      disk = await trying(.fillDisk) { try await SmallDisk.mount(at: disks) }
    }
    if kinds.contains(.partNetwork) {
      namespace = await trying(.partNetwork) { try await NetworkNamespace.make() }
    }
    workerClock = clock(.jumpWorkerClock, of: kinds)
    serverClock = clock(.jumpServerClock, of: kinds)
  }

  private mutating func trying<Thing>(
    _ kind: FaultKind, _ make: () async throws -> Thing
  ) async -> Thing? {
    do {
      return try await make()
    } catch {
      let reason = geteuid() == 0 ? "" : "needs root; "
      skipped[kind] = reason + "\(error)"
      return nil
    }
  }

  private mutating func clock(_ kind: FaultKind, of kinds: Set<FaultKind>) -> FakeClock? {
    guard kinds.contains(kind) else { return nil }
    if let clock = try? FakeClock(file: "\(folder)/\(kind.rawValue)") { return clock }
    skipped[kind] = "needs libfaketime (on Debian: apt-get install libfaketime)"
    return nil
  }

  func remove(keepingFolder: Bool) async {
    await namespace?.remove()
    if keepingFolder { return Leftovers.unmark(folder) }
    await disk?.unmount()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
