import Foundation
import JobQueue
import Testing

private struct Report: JobPayload, Equatable {
  static let kind = "test.report"
  static let version = 3
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { fields in fields["unit"] = fields.removeValue(forKey: "team") },
    2: .types { (old: Old) in Report(unit: old.unit, pages: [old.pages]) },
  ]
  struct Old: Codable {
    var unit: String
    var pages: Int64
  }
  var unit: String
  var pages: [Int64]
}

@Suite("Payload versions")
struct PayloadVersionTests {
  @Test(
    "a kind and its version are one text in the database",
    arguments: [
      ("report.render", "report.render", 1), ("report.render@2", "report.render", 2),
      ("a@b@12", "a@b", 12), ("mail@1", "mail@1", 1), ("mail@02", "mail@02", 1),
      ("mail@", "mail@", 1), ("@2", "", 2),
      ("mail@99999999999999999999", "mail@99999999999999999999", 1),
    ])
  func text(_ text: String, _ name: String, _ version: Int) {
    let kind = StoredKind(text)
    #expect(kind == StoredKind(name: name, version: version))
    #expect(kind.description == text)
  }

  @Test("each older version is lifted step by step")
  func steps() throws {
    let today = Report(unit: "Đội 3", pages: [Int64.max])
    #expect(Report.readableVersions == 1...3)
    let stored = [
      1: #"{"team": "Đội 3", "pages": 9223372036854775807}"#,
      2: #"{"unit": "Đội 3", "pages": 9223372036854775807}"#,
      3: try PayloadCoding.encode(today),
    ]
    for (version, json) in stored {
      let reader = PayloadReader(Report.self, version: version)
      #expect(try reader.read(Data(json.utf8), queue: "q") == today)
    }
  }

  @Test("what a step refuses, and what no version has written, does not decode and says why")
  func refused() throws {
    let first = PayloadReader(Report.self, version: 1)
    for (json, reason) in [
      ("[1]", "expected the payload to be a JSON object"),
      (#"{"pages": 1}"#, "expected the payload to be a Report, got: it lacks the key unit"),
      (
        #"{"team": 3, "pages": 1}"#,
        "expected the payload to be a Report, got: unit is not a String"
      ),
    ] {
      let error = try #require(throws: UndecodablePayload.self) {
        try first.read(Data(json.utf8), queue: "q")
      }
      #expect(error.description == reason)
    }
  }

  @Test("JSON comes through a step over fields as it was, numbers exactly")
  func jsonValue() throws {
    let json = #"{"a":[null,true,1,-0.1,12345678901234567890.123456789],"b":{"c":"ỗ"}}"#
    let value = try PayloadCoding.decode(JSONValue.self, from: Data(json.utf8))
    let back = try PayloadCoding.decode(
      JSONValue.self, from: Data(try PayloadCoding.encode(value).utf8))
    #expect(back == value)
    #expect(value["b"]?["c"]?.string == "ỗ")
    guard case .array(let list)? = value["a"] else { return #expect(Bool(false), "no array") }
    #expect(Array(list.prefix(3)) == [nil, true, 1])
    #expect(list[4].number == Decimal(string: "12345678901234567890.123456789"))
  }
}
