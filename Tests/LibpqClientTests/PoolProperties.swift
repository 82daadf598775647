import JobQueueTesting
import Testing

@testable import LibpqClient

/// The pool's bookkeeping under events in any order.
@Suite("Pool, in any order")
struct PoolProperties {
  private struct World {
    var leases: [Int] = []
    var waiting: [Int] = []
    var opening = 0
    var later = 0
    var living: Set<Int> = []
    var next = 0
    var closed = false
  }

  @Test(
    "everybody who waits is answered once and in turn, with never more connections than allowed")
  func orders() async throws {
    try await forEachSeed(rounds: 2000) { random in
      let size = Int.random(in: 1...4, using: &random)
      var broken: Set<Int> = []
      var world = World()
      var pool = PoolState<Int>(size: size) { !broken.contains($0) }
      for _ in 0..<Int.random(in: 1...120, using: &random) {
        if Int.random(in: 0..<20, using: &random) == 0 { broken.formUnion(world.living) }
        if Bool.random(using: &random), let free = pool.takeIdle() {
          try hold(world.waiting.isEmpty, "\(free) passes \(world.waiting)")
          try hold(!broken.contains(free), "\(free) is broken")
          try Self.lease(free, &world)
        }
        let actions = Self.event(&pool, &world, &random)
        try Self.take(actions, &world)
        let all = world.living.count + world.opening + world.later
        try hold(all <= size, "\(all) connections of \(size)")
        broken.formIntersection(world.living)
      }
      try Self.take(pool.close(), &world)
      while world.opening + world.later + world.leases.count > 0 {
        if world.opening > 0 {
          world.opening -= 1
          world.next += 1
          world.living.insert(world.next)
          try Self.take(pool.opened(world.next), &world)
        } else if world.later > 0 {
          world.later -= 1
          try hold(!pool.mayOpenAgain(), "a closing pool opens")
        } else {
          try Self.take(pool.released(world.leases.removeLast(), isReusable: true), &world)
        }
      }
      try hold(pool.isDrained && world.living.isEmpty, "left: \(world)")
      try hold(world.waiting.isEmpty, "\(world.waiting) wait for ever")
    }
  }

  private static func event(
    _ pool: inout PoolState<Int>, _ world: inout World, _ random: inout SeededGenerator
  ) -> [PoolState<Int>.Action] {
    switch Int.random(in: 0..<7, using: &random) {
    case 0...1:
      world.next += 1
      world.waiting.append(world.next)
      return pool.acquire(world.next)
    case 2 where world.opening > 0:
      world.opening -= 1
      world.next += 1
      world.living.insert(world.next)
      return pool.opened(world.next)
    case 3 where world.opening > 0:
      world.opening -= 1
      var error = DatabaseError.lost("away")
      error.isRetryable = Bool.random(using: &random)
      return pool.openFailed(error)
    case 4 where world.later > 0:
      world.later -= 1
      if pool.mayOpenAgain() { world.opening += 1 }
      return []
    case 5 where !world.waiting.isEmpty:
      let index = world.waiting.indices.randomElement(using: &random)!
      return pool.gaveUp(world.waiting.remove(at: index)) ?? []
    case 6 where !world.leases.isEmpty:
      let index = world.leases.indices.randomElement(using: &random)!
      return pool.released(
        world.leases.remove(at: index), isReusable: Int.random(in: 0..<4, using: &random) > 0)
    default: return []
    }
  }

  private static func lease(_ resource: Int, _ world: inout World) throws {
    try hold(world.living.contains(resource), "\(resource) is closed")
    try hold(!world.leases.contains(resource), "\(resource) is leased twice")
    world.leases.append(resource)
  }

  private static func take(_ actions: [PoolState<Int>.Action], _ world: inout World) throws {
    for action in actions {
      switch action {
      case .lease(let waiter, let resource):
        try hold(world.waiting.first == waiter, "\(waiter) is served before \(world.waiting)")
        world.waiting.removeFirst()
        try lease(resource, &world)
      case .open: world.opening += 1
      case .openLater: world.later += 1
      case .fail(let waiter, _):
        try hold(world.waiting.contains(waiter), "\(waiter) is answered twice")
        world.waiting.removeAll { $0 == waiter }
      case .close(let resource):
        try hold(world.living.remove(resource) != nil, "\(resource) is closed twice")
        try hold(!world.leases.contains(resource), "\(resource) is closed under its user")
      case .drained: world.closed = true
      }
    }
  }
}
