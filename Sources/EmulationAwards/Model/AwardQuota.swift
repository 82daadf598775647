/// How many awards a decision gives to a bloc, from the first rank down.
public struct AwardQuota: Hashable, Sendable, Codable {
  /// One flag for the unit that leads the bloc (Law Art. 26.1) is usual.
  public let flags: Int
  public let meritCertificates: Int

  public init(flags: Int, meritCertificates: Int) {
    self.flags = flags
    self.meritCertificates = meritCertificates
  }
}

/// A rank that is shared across the edge of a quota: the meeting has to vote first.
public struct BallotNeeded: Error, Hashable, Sendable, CustomStringConvertible {
  /// The units that share the rank, by code.
  public let units: [String]
  public let award: AwardKind

  public var description: String {
    let units = units.joined(separator: ", ")
    return "Cần bỏ phiếu trước khi xét tặng \(award.label.vi): \(units) đồng hạng "
      + "(a ballot is needed before the \(award.label.en) is given: equal rank of \(units))"
  }
}

extension AwardQuota {
  /// The awards of a ranking: flags to the first ranks, then certificates of merit. Units rated
  /// below "good" get none, and what is left over then is not given.
  ///
  /// Throws ``BallotNeeded`` if units of equal rank would be treated differently.
  public func awards(for ranking: Ranking) throws -> [Award] {
    let suitable = ranking.rows.filter { ($0.rating ?? .notCompleted) >= .good }
    let kinds =
      Array(repeating: AwardKind.provincialFlag, count: flags)
      + Array(repeating: AwardKind.meritCertificate, count: meritCertificates)
    for rank in Set(suitable.compactMap(\.rank)) {
      let places = suitable.indices.filter { suitable[$0].rank == rank }
      let given = places.map { $0 < kinds.count ? kinds[$0] : nil }
      if Set(given).count > 1, let award = given.first ?? nil {
        throw BallotNeeded(units: places.map { suitable[$0].unit.code }, award: award)
      }
    }
    return zip(suitable, kinds).map { Award(unit: $0.unit.code, kind: $1) }
  }
}

/// A decision whose number, day and wording people have given, waiting for the final ranking.
public struct DecisionDraft: Hashable, Sendable, Codable {
  public let number: String
  public let day: CalendarDay
  public let issuer: LocalizedText
  public let subject: LocalizedText
  public let quota: AwardQuota

  public init(
    number: String, day: CalendarDay, issuer: LocalizedText, subject: LocalizedText,
    quota: AwardQuota
  ) {
    self.number = number
    self.day = day
    self.issuer = issuer
    self.subject = subject
    self.quota = quota
  }
}
