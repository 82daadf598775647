import Foundation
import Hummingbird

@testable import EmulationAwards
@testable import EmulationWeb
@testable import WebServing

extension FuzzTarget {
  /// Bodies of forms.
  static let forms = FuzzTarget(
    "forms",
    seeds: [
      "ban=1&I.1.actual=1.250%2C5&I.1.target=1000&I.2.occurrences=4&II.1.achieved=1",
      "ma-bieu-mau=" + String(repeating: "0f", count: 32) + "&ban=0", "a=%C4%91+b&&=",
    ]
  ) { bytes in
    guard let form = SubmittedForm(bytes) else { return }
    for name in ["ban", "I.1.actual", "II.1.achieved"] {
      guard let text = form[name] else { continue }
      if let number = DecimalText.number(text) {
        precondition(DecimalText.number(DecimalText.plain(number)) == number, "\(number)")
      }
    }
  }

  /// Addresses, hosts and cookies of requests.
  static let addresses = FuzzTarget(
    "addresses",
    seeds: [
      "127.0.0.1:8080", "[::1]:80", "localhost", "2001:db8::1", "ong.example.vn", ":0",
      "/khoi/HDT/2023?a=1", "//a", "an.nguyen@example.vn", String(repeating: "0f", count: 32),
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    if let address = try? ListenAddress(parsing: text) {
      _ = address.isLoopback
      _ = try? ListenAddress(parsing: address.description)
    }
    _ = HostCheck<VisitContext>(publicHosts: ["ong.example.vn"]).allows(text)
    _ = VisitorNetwork.of(text)
    _ = Language(path: text)
    _ = DatabaseRankingSignals.key(text)
    _ = DocumentsView.masked(text)
    _ = HexText.bytes(text, count: 32)
    if let target = ReturnPath(text) {
      precondition(target.path.hasPrefix("/") && !target.path.hasPrefix("//"), target.path)
    }
    if let name = AccountName.normalised(text) {
      precondition(AccountName.normalised(name) == name, name)
    }
  }

  /// Sheets as people edit them.
  static let sheets = FuzzTarget(
    "sheets",
    seeds: [
      "# ghi chú\nma;ten\nA;\"x;\"\"y\"\"\"\r\nB;z\n", "\u{FEFF}a;b;c\n1;2;3", "\"a\nb\";c",
    ]
  ) { bytes in
    guard let text = try? DelimitedText.decoded(bytes, file: "a") else { return }
    _ = try? DelimitedText(file: "a", text: text).lines
    if let day = CalendarDay(iso: text) { _ = (day.vietnamese, day.english) }
  }
}
