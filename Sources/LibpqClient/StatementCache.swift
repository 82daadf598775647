/// Which statements the server has prepared on one connection. Pure: it only decides.
struct StatementCache {
  struct Key: Hashable {
    var sql: String
    var types: [UInt32]
  }

  enum Decision: Equatable {
    /// The server knows it by this name.
    case prepared(String)
    /// Prepare it under this name first.
    case prepare(String)
    /// Its preparation is under way and may yet fail, or nothing is prepared: run it without a name.
    case unnamed
  }

  private struct Entry {
    var name: String
    /// The segment of the exchange in which it is being prepared; nil once the server has it.
    var pendingSegment: Int?
    var lastUse: UInt64
  }

  private var entries: [Key: Entry] = [:]
  private var uses: UInt64 = 0
  private var names = 0
  /// Names that the server should forget when there is an opportunity.
  private(set) var evicted: [String] = []
  /// 0: nothing is ever prepared.
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { entries.count }

  /// No preparation is under way.
  var isSettled: Bool { entries.values.allSatisfy { $0.pendingSegment == nil } }

  /// How to run a statement in a segment (the part of an exchange between two sync points).
  mutating func use(_ key: Key, segment: Int) -> Decision {
    guard capacity > 0 else { return .unnamed }
    uses += 1
    if var entry = entries[key] {
      entry.lastUse = uses
      entries[key] = entry
      guard let pending = entry.pendingSegment else { return .prepared(entry.name) }
      // Within one segment a failed preparation also skips what follows; across segments not.
      return pending == segment ? .prepared(entry.name) : .unnamed
    }
    names += 1
    let name = "ong_\(names)"
    entries[key] = Entry(name: name, pendingSegment: segment, lastUse: uses)
    return .prepare(name)
  }

  /// The server has prepared it.
  mutating func confirm(_ key: Key) {
    entries[key]?.pendingSegment = nil
    evictBeyondCapacity()
  }

  /// The server does not have it, or has it with an outdated plan.
  mutating func forget(_ key: Key, deallocate: Bool) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    if deallocate { evicted.append(entry.name) }
  }

  mutating func takeEvicted() -> [String] {
    defer { evicted = [] }
    return evicted
  }

  private mutating func evictBeyondCapacity() {
    guard entries.count > capacity else { return }
    let settled = entries.filter { $0.value.pendingSegment == nil }
    guard let oldest = settled.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
    forget(oldest.key, deallocate: true)
  }
}
