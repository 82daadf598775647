import Foundation
import JobQueue
import PayloadEncryption

@testable import JobWorker
@testable import OngCommand

private struct Everything: JobPayload {
  static let kind = "fuzz"
  static let version = 3
  static let upcasters: [Int: PayloadUpcaster] = [
    1: .fields { $0["text"] = $0.removeValue(forKey: "old") },
    2: .text { $0 },
  ]
  var text: String?
  var number: Int8?
  var decimal: Decimal?
  var date: Date?
  var bytes: Data?
  var list: [Everything]?
  @Secret var code: [String: Int]?
}

extension FuzzTarget {
  /// JSON as any part of the house reads it; what was read is written and read again.
  static let json = FuzzTarget(
    "json",
    seeds: [
      #"{"a": 1, "b": [true, null, "x\u0061"], "c": {"d": -1.5e10}}"#,
      #"[12345678901234567890, 1e-7, "Ái\n", {}]"#, #""text""#, "0", "null",
    ]
  ) { bytes in
    guard let value = try? PayloadCoding.decode(JSONValue.self, from: Data(bytes)) else { return }
    let text = try? PayloadCoding.encode(value)
    let again = text.flatMap { try? PayloadCoding.decode(JSONValue.self, from: Data($0.utf8)) }
    precondition(again == value, "\(value) became \(String(describing: again))")
  }

  /// Payloads of any version and kind, and what a child process sends.
  static let payloads = FuzzTarget(
    "payloads",
    seeds: [
      #"{"text": "a", "number": 3, "date": "2026-03-01T08:00:00.000Z", "bytes": "AAEC"}"#,
      #"{"old": "a", "list": [{"decimal": 1.25}], "code": {"ong_secret": {"a": 1}}}"#,
      #"{"ong_encrypted": {"key": "a", "data": "AAECAwQFBgcICQoLDA0ODw=="}}"#,
      #"{"ended": {"_0": null, "isDecided": true}}"#,
      #"{"progress": {"fraction": 0.5, "note": "x"}}"#,
    ]
  ) { bytes in
    let keys = try? EncryptionKeys(current: "a", keys: ["a": Data(repeating: 1, count: 32)])
    for version in 1...3 {
      let reader = PayloadReader(Everything.self, version: version, cipher: keys)
      do {
        let read = try reader.read(Data(bytes), queue: "q")
        _ = try? PayloadCoding.encode(read)
        _ = "\(read)"
      } catch {
        _ = "\(error)"
      }
    }
    _ = try? JSONDecoder().decode(ChildReport.self, from: Data(bytes))
    _ = try? JSONDecoder().decode(ChildOrder.self, from: Data(bytes))
    _ = RawJSON.member("text", of: String(decoding: bytes, as: UTF8.self))
  }

  /// Names and headers of jobs.
  static let kinds = FuzzTarget(
    "kinds",
    seeds: [
      "report.render@2", "a@b@10", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    precondition(StoredKind(text).description == text, "\(text) is another kind when written")
    if let trace = TraceContext(text) {
      _ = (trace.traceID, trace.parentID, trace.isSampled)
    }
    _ = try? EncryptionKeys(text)
    _ = try? SealedPayload(stored: Data(bytes))
  }
}
