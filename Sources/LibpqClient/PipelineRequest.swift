/// One step of a pipeline.
///
/// All queries up to a sync point (or the end) form one implicit transaction: when one fails, its
/// predecessors since the last sync point are undone and its successors up to the next are skipped.
public struct PipelineRequest: Sendable {
  enum Content: Sendable {
    case query(sql: String, parameters: [any SQLParameter])
    case sync
  }

  let content: Content

  public static func query(
    _ sql: String, _ parameters: [any SQLParameter] = []
  ) -> PipelineRequest {
    PipelineRequest(content: .query(sql: sql, parameters: parameters))
  }

  /// Ends the implicit transaction; the next query starts another.
  public static var sync: PipelineRequest { PipelineRequest(content: .sync) }
}

/// A query as it goes to libpq: all parameters in one storage.
struct EncodedQuery: Sendable {
  struct Field: Sendable {
    var offset: Int
    /// -1 for NULL.
    var length: Int
    var isText: Bool
  }

  let sql: String
  private(set) var types: [UInt32] = []
  private(set) var fields: [Field] = []
  private(set) var bytes: [UInt8] = []

  init(sql: String, parameters: [any SQLParameter]) throws {
    guard !sql.utf8.contains(0) else {
      throw DatabaseError.invalidParameter("the SQL text contains a NUL character (U+0000)")
    }
    guard parameters.count <= 65535 else {
      throw DatabaseError.invalidParameter(
        "expected at most 65535 parameters, got: \(parameters.count); bind arrays instead")
    }
    self.sql = sql
    var encoder = SQLEncoder(allowsText: true)
    for parameter in parameters { try append(parameter, to: &encoder) }
    bytes = encoder.bytes
  }

  private mutating func append<Parameter: SQLParameter>(
    _ parameter: Parameter, to encoder: inout SQLEncoder
  ) throws {
    let offset = encoder.bytes.count
    do {
      try parameter.encode(into: &encoder)
    } catch var error as DatabaseError {
      error.sql = sql
      throw error
    }
    let format = encoder.takeFormat()
    types.append(Parameter.sqlType.rawValue)
    fields.append(
      Field(
        offset: offset, length: format.isNull ? -1 : encoder.bytes.count - offset,
        isText: format.isText))
  }
}

/// A pipeline as it goes to the connection, encoded on the caller's thread.
enum EncodedRequest: Sendable {
  case query(EncodedQuery)
  case sync
}

extension [PipelineRequest] {
  func encoded() throws -> [EncodedRequest] {
    try map { request in
      switch request.content {
      case .query(let sql, let parameters):
        .query(try EncodedQuery(sql: sql, parameters: parameters))
      case .sync: .sync
      }
    }
  }
}
