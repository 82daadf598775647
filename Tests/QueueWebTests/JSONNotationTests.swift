import Foundation
import QueueWeb
import Testing

@Suite struct JSONNotationTests {
  struct Sample: Encodable {
    var runAt = Date(timeIntervalSince1970: 1_766_000_000.25)
    var id = Int64.max
    var name = "Hội/Người"
    var error: String?
  }

  @Test("Keys are those of SQL, times have milliseconds and a zone, ids are exact")
  func form() throws {
    #expect(
      try JSONNotation.text([Sample()]) == """
        [
          {
            "id" : 9223372036854775807,
            "name" : "Hội/Người",
            "run_at" : "2025-12-17T19:33:20.250Z"
          }
        ]
        """)
  }
}
