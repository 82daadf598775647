/// An administrative document in the layout of Decree 30/2020/NĐ-CP, as plain values.
public struct AdministrativeDocument: Sendable {
  public var header: DocumentHeader
  public var title: DocumentTitle
  /// "Kính gửi:" lines under the title; empty for documents without an addressee.
  public var addressees: [String]
  public var body: [DocumentBlock]
  public var signature: DocumentSignature?
  /// The list under "Nơi nhận:" without hyphens and end marks; the last one is usually "Lưu: VT".
  public var recipients: [String]
  /// The name of the person or body in the file's metadata. Default: the issuer.
  public var author: String
  public var geometry = PageGeometry.a4
  public var typography = Typography()

  public init(
    header: DocumentHeader, title: DocumentTitle, addressees: [String] = [],
    body: [DocumentBlock], signature: DocumentSignature? = nil, recipients: [String] = []
  ) {
    self.header = header
    self.title = title
    self.addressees = addressees
    self.body = body
    self.signature = signature
    self.recipients = recipients
    author = header.issuer
  }
}

/// The two columns at the head of the first page. The right one, with the national title and motto,
/// is the same for every document.
public struct DocumentHeader: Sendable, Hashable {
  /// The body above the issuer, set in capitals; nil if there is none.
  public var parent: String?
  /// The issuing body, set in bold capitals. `"\n"` chooses the line breaks.
  public var issuer: String
  public var number: DocumentNumber
  /// "Khánh Hòa".
  public var place: String
  /// Also the creation date in the file's metadata, which makes rendering repeatable.
  public var date: DocumentDate

  public init(
    parent: String? = nil, issuer: String, number: DocumentNumber, place: String,
    date: DocumentDate
  ) {
    self.parent = parent
    self.issuer = issuer
    self.number = number
    self.place = place
    self.date = date
  }
}

/// "Số: 05/BC-KTĐ". Numbers are given after the signature, so that a rendering never draws one:
/// without a number the line leaves room for it.
public struct DocumentNumber: Sendable, Hashable {
  public var number: Int?
  public var symbol: String

  public init(_ number: Int? = nil, symbol: String) {
    self.number = number
    self.symbol = symbol
  }

  /// The line with a leading 0 for numbers below 10.
  public var line: String {
    let digits = number.map { $0 < 10 ? "0\($0)" : "\($0)" }
    // No-break spaces keep the room for a number that is written by hand or stamped.
    return "Số: " + (digits ?? String(repeating: "\u{A0}", count: 8)) + "/" + symbol
  }
}

/// Type name and abstract, centred and bold, with a line below.
public struct DocumentTitle: Sendable, Hashable {
  /// "Báo cáo", set in capitals.
  public var typeName: String
  /// "Tổng kết phong trào thi đua …".
  public var abstract: String

  public init(typeName: String, abstract: String) {
    self.typeName = typeName
    self.abstract = abstract
  }
}

/// The block at the bottom right: authority, post, room for signature and seal, name.
public struct DocumentSignature: Sendable, Hashable {
  /// "TM. KHỐI THI ĐUA", "KHỐI TRƯỞNG": one line each, set in capitals.
  public var authority: [String]
  /// The signer's name; nil leaves it to the signer.
  public var name: String?

  public init(authority: [String], name: String? = nil) {
    self.authority = authority
    self.name = name
  }
}
