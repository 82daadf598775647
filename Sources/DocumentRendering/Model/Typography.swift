/// Sizes and distances of the elements of a document, in points unless said otherwise.
///
/// The defaults lie inside the ranges of Decree 30/2020, appendix I.
public struct Typography: Sendable, Hashable {
  /// Issuer and national title. 12–13.
  public var header = 13.0
  /// "Độc lập - Tự do - Hạnh phúc". 13–14.
  public var motto = 14.0
  /// "Số: …". 13.
  public var number = 13.0
  /// Place and date. 13–14.
  public var placeAndDate = 14.0
  /// Type name, abstract, headings and body text. 13–14.
  public var body = 14.0
  /// "Nơi nhận:". 12.
  public var recipientsTitle = 12.0
  /// The list under it. 11.
  public var recipients = 11.0
  /// Page numbers from page 2 on. 13–14.
  public var pageNumber = 14.0
  /// Cells of tables. The decree fixes no size.
  public var table = 12.0
  /// Labels of charts. The decree fixes no size.
  public var chart = 11.0
  /// Line distance of body text as a multiple of the single one. 1–1.5.
  public var lineSpacing = 1.1
  /// Distance between paragraphs. At least 6.
  public var paragraphSpacing = 6.0
  /// First-line indent in millimetres. 10 or 12.7.
  public var indent = 12.7
  /// Room for signature and seal in millimetres.
  public var signatureRoom = 28.0

  public init() {}
}
