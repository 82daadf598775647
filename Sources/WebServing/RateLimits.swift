/// How often one visitor may ask: a bucket of `burst` requests, refilled `perSecond`.
package struct RateLimit: Sendable, Equatable {
  /// Requests at once after a pause.
  package var burst: Int
  /// What comes back each second, and so the rate that lasts.
  package var perSecond: Double

  package init(burst: Int, perSecond: Double) {
    self.burst = burst
    self.perSecond = perSecond
  }
}

/// A token bucket for each visitor, by name. A full bucket is forgotten, as it says nothing.
struct TokenBuckets {
  private struct Bucket {
    var tokens: Double
    var filledAt: Duration
  }

  let limit: RateLimit
  /// Most visitors that are remembered. Past that, those who asked longest ago are forgotten: their
  /// buckets are the fullest.
  let capacity: Int
  private var buckets: [String: Bucket] = [:]

  init(_ limit: RateLimit, capacity: Int = 10_000) {
    self.limit = limit
    self.capacity = capacity
  }

  var count: Int { buckets.count }

  /// Takes a token of the visitor's at a time that never goes back. Nil: it was there; else how long
  /// until one is.
  mutating func take(_ visitor: String, at now: Duration) -> Duration? {
    if buckets[visitor] == nil && buckets.count >= capacity { forget(at: now) }
    var bucket = buckets[visitor] ?? Bucket(tokens: Double(limit.burst), filledAt: now)
    bucket.tokens = tokens(of: bucket, at: now)
    bucket.filledAt = now
    let isAllowed = bucket.tokens >= 1
    if isAllowed { bucket.tokens -= 1 }
    buckets[visitor] = bucket
    return isAllowed ? nil : .seconds((1 - bucket.tokens) / limit.perSecond)
  }

  private func tokens(of bucket: Bucket, at now: Duration) -> Double {
    let passed = (now - bucket.filledAt) / .seconds(1)
    return min(Double(limit.burst), bucket.tokens + passed * limit.perSecond)
  }

  /// A tenth at once, so that a crowd of new visitors does not sort the whole each time.
  private mutating func forget(at now: Duration) {
    buckets = buckets.filter { tokens(of: $0.value, at: now) < Double(limit.burst) }
    guard buckets.count >= capacity else { return }
    let oldest = buckets.sorted { $0.value.filledAt < $1.value.filledAt }
    for (visitor, _) in oldest.prefix(max(1, capacity / 10)) { buckets[visitor] = nil }
  }
}
