public import Foundation

/// Everything a report says, frozen when the period was finalised. Never changed afterwards: reports
/// read nothing else, so a report asked for in ten years has the same content.
public struct ReportSnapshot: Hashable, Sendable, Codable, Identifiable {
  public let id: Int64
  public let content: SnapshotContent

  public init(id: Int64, content: SnapshotContent) {
    self.id = id
    self.content = content
  }
}

/// What a snapshot holds.
public struct SnapshotContent: Hashable, Sendable, Codable {
  public let blocPeriod: BlocPeriod
  public let scheme: ScoringScheme
  public let ranking: Ranking
  public let document: DocumentDetails
  public let takenAt: Date

  public init(
    blocPeriod: BlocPeriod, scheme: ScoringScheme, ranking: Ranking, document: DocumentDetails,
    takenAt: Date
  ) {
    self.blocPeriod = blocPeriod
    self.scheme = scheme
    self.ranking = ranking
    self.document = document
    self.takenAt = takenAt
  }
}

/// What only people give a document: number, place and day. Jobs never draw a number, a retry would
/// burn it.
public struct DocumentDetails: Hashable, Sendable, Codable {
  /// Number of the year's register with its symbol, "05/BC-KTĐ"; nil until it is registered.
  public let number: String?
  /// The symbol that follows a number still to come, "BC-KTĐ".
  public let symbol: String
  public let place: String
  public let day: CalendarDay

  public init(number: String?, symbol: String, place: String, day: CalendarDay) {
    self.number = number
    self.symbol = symbol
    self.place = place
    self.day = day
  }
}

/// A rendered file. One exists at most for each kind, snapshot, template version, locale, format and
/// parameters.
public struct ReportArtefact: Hashable, Sendable, Codable, Identifiable {
  public let id: Int64
  /// `year_end`
  public let kind: String
  public let snapshot: Int64
  public let templateVersion: Int
  public let locale: String
  public let format: String
  /// Where the file lies: relative to the output folder.
  public let path: String
  public let byteCount: Int64
  /// Lower-case hexadecimal.
  public let sha256: String
  public let renderedAt: Date

  public init(
    id: Int64, kind: String, snapshot: Int64, templateVersion: Int, locale: String,
    format: String, path: String, byteCount: Int64, sha256: String, renderedAt: Date
  ) {
    self.id = id
    self.kind = kind
    self.snapshot = snapshot
    self.templateVersion = templateVersion
    self.locale = locale
    self.format = format
    self.path = path
    self.byteCount = byteCount
    self.sha256 = sha256
    self.renderedAt = renderedAt
  }
}
