public import Foundation

/// An administrative document as plain values: what stands in it, not how it looks. A renderer lays
/// it out by Decree 30/2020 (A4 portrait, Times metrics, boxes 1–9 of its Appendix I).
///
/// Every string is Vietnamese unless marked, in normalisation form C, and ready to print: numbers
/// carry the decimal comma already.
public struct ReportContent: Hashable, Sendable, Codable {
  /// Goes into the file's metadata, with `created`; equal content gives an equal file.
  public let title: String
  public let language: String
  public let created: Date
  public let letterhead: Letterhead
  /// Box 5a, in capitals: "BÁO CÁO".
  public let typeName: String
  /// Box 5a, second line: what the document is about.
  public let abstract: String
  /// Box 9a, "Kính gửi:"; empty where there is none.
  public let addressees: [String]
  public let body: [ReportBlock]
  public let signature: SignatureBlock
  /// Box 9b, "Nơi nhận:", one line each.
  public let distribution: [String]

  public init(
    title: String, language: String = "vi", created: Date, letterhead: Letterhead,
    typeName: String, abstract: String, addressees: [String] = [], body: [ReportBlock],
    signature: SignatureBlock, distribution: [String]
  ) {
    self.title = title
    self.language = language
    self.created = created
    self.letterhead = letterhead
    self.typeName = typeName
    self.abstract = abstract
    self.addressees = addressees
    self.body = body
    self.signature = signature
    self.distribution = distribution
  }
}

/// The head of the first page. The motto of the Republic (box 1) is the renderer's.
public struct Letterhead: Hashable, Sendable, Codable {
  /// Box 2, first line, in capitals; empty where there is none.
  public let parentBody: String
  /// Box 2, in bold capitals.
  public let issuingBody: String
  /// Box 3: "Số: 05/BC-KTĐ", or "Số:        /BC-KTĐ" until the document is signed and numbered.
  public let number: String
  /// Box 4: "Bình Minh, ngày 29 tháng 12 năm 2023".
  public let placeAndDate: String

  public init(parentBody: String, issuingBody: String, number: String, placeAndDate: String) {
    self.parentBody = parentBody
    self.issuingBody = issuingBody
    self.number = number
    self.placeAndDate = placeAndDate
  }
}

/// Boxes 7a–7c.
public struct SignatureBlock: Hashable, Sendable, Codable {
  /// "TM. KHỐI THI ĐUA …"; in capitals.
  public let authority: String
  /// "KHỐI TRƯỞNG"; in capitals.
  public let post: String
  /// The signer's name.
  public let name: String

  public init(authority: String, post: String, name: String) {
    self.authority = authority
    self.post = post
    self.name = name
  }
}

/// A piece of a document's body, in reading order.
public enum ReportBlock: Hashable, Sendable, Codable {
  /// Level 1 is the widest: "I. …", 2: "1. …".
  case heading(level: Int, text: String)
  case paragraph(String)
  /// A legal basis, set in italics.
  case legalBasis(String)
  case list([String])
  case table(ReportTable)
  case barChart(ReportBarChart)
}

/// A ruled table whose header is repeated on every page.
public struct ReportTable: Hashable, Sendable, Codable {
  public struct Column: Hashable, Sendable, Codable {
    public enum Alignment: String, Sendable, Codable { case leading, centre, trailing }
    public let title: String
    public let alignment: Alignment
    /// Share of the width beside the other columns' shares.
    public let weight: Int

    public init(_ title: String, _ alignment: Alignment = .leading, weight: Int = 1) {
      self.title = title
      self.alignment = alignment
      self.weight = weight
    }
  }

  public let caption: String
  public let columns: [Column]
  /// As many cells in each row as there are columns.
  public let rows: [[String]]

  public init(caption: String, columns: [Column], rows: [[String]]) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
  }
}

/// Horizontal bars, one for each label, drawn from zero.
public struct ReportBarChart: Hashable, Sendable, Codable {
  public struct Bar: Hashable, Sendable, Codable {
    public let label: String
    /// Zero or more.
    public let value: Decimal
    /// How the value is printed: "97,50".
    public let text: String
    /// Marks a bar out, as for the leader.
    public let isEmphasised: Bool

    public init(label: String, value: Decimal, text: String, isEmphasised: Bool = false) {
      self.label = label
      self.value = value
      self.text = text
      self.isEmphasised = isEmphasised
    }
  }

  public let caption: String
  /// The value at the right edge.
  public let maximum: Decimal
  public let bars: [Bar]

  public init(caption: String, maximum: Decimal, bars: [Bar]) {
    self.caption = caption
    self.maximum = maximum
    self.bars = bars
  }
}
