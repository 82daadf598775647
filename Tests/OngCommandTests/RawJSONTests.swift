import Testing

@testable import OngCommand

@Suite struct RawJSONTests {
  let story =
    #"{"id": 7, "meta": null, "payload": {"a": [1, {"b": "},\"]"}], "n": 12345678901234567890.5}, "z": -1.0, "t": "a:b"}"#

  @Test(
    "A member comes out letter by letter",
    arguments: [
      ("payload", #"{"a": [1, {"b": "},\"]"}], "n": 12345678901234567890.5}"#), ("id", "7"),
      ("z", "-1.0"), ("t", #""a:b""#),
    ])
  func member(name: String, text: String) {
    #expect(RawJSON.member(name, of: story) == text)
  }

  @Test(
    "What is missing, null, or only inside another value is nil", arguments: ["meta", "b", "n", ""])
  func absent(name: String) {
    #expect(RawJSON.member(name, of: story) == nil)
  }

  @Test(
    "Text that is cut off does not trap",
    arguments: ["", "{", "{\"a", "{\"a\":", "{\"a\": \"\\", "[]"])
  func damaged(json: String) {
    #expect(RawJSON.member("x", of: json) == nil)
  }
}
