import Foundation

/// Reads the six files of a sample and reports all damage that it can see at once.
struct SampleReader {
  static let names = [
    "bloc.csv", "scheme.csv", "criteria.csv", "units.csv", "figures.csv", "recipients.csv",
  ]

  private let files: [String: String]

  init(files: [(path: String, text: String)]) {
    self.files = Dictionary(files.map { ($0.path, $0.text) }) { _, last in last }
  }

  func read() throws -> SampleData {
    var damages: [SampleDamage] = []
    let head = attempt(&damages) { try HeadFile(text: text("bloc.csv")) }
    let scheme = attempt(&damages) {
      try SchemeFiles(settings: text("scheme.csv"), criteria: text("criteria.csv")).scheme()
    }
    let units = attempt(&damages) { try UnitsFile(text: text("units.csv")).read() }
    let recipients = attempt(&damages) { try RecipientsFile(text: text("recipients.csv")).read() }
    guard let head, let scheme, let units, let recipients else {
      throw SampleRejected(damages: damages)
    }
    let codes = Set(units.memberships.map(\.unit.code))
    let sheets = attempt(&damages) {
      try FiguresFile(text: text("figures.csv")).read(scheme, key: head.key, units: codes)
    }
    attempt(&damages) { try head.check(units: codes) }
    attempt(&damages) { try recipients.check(units: codes) }
    guard damages.isEmpty, let sheets else { throw SampleRejected(damages: damages) }
    return head.sample(
      memberships: units.memberships, exclusions: units.exclusions, scheme: scheme,
      sheets: sheets, recipients: recipients.recipients)
  }

  private func text(_ name: String) throws -> String {
    guard let text = files[name] else {
      throw SampleDamage(file: name, line: 0, column: 0, message: "the file is missing")
    }
    return text
  }

  @discardableResult
  private func attempt<Value>(
    _ damages: inout [SampleDamage], _ body: () throws -> Value
  ) -> Value? {
    do {
      return try body()
    } catch let damage as SampleDamage {
      damages.append(damage)
    } catch let rejected as SampleRejected {
      damages += rejected.damages
    } catch {
      damages.append(SampleDamage(file: "", line: 0, column: 0, message: "\(error)"))
    }
    return nil
  }
}

extension Sequence {
  /// Maps every element and throws all damage together, not only the first.
  func mapCollectingDamage<Value>(
    _ transform: (Element) throws(SampleDamage) -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    var damages: [SampleDamage] = []
    for element in self {
      do throws(SampleDamage) { values.append(try transform(element)) } catch {
        damages.append(error)
      }
    }
    if !damages.isEmpty { throw SampleRejected(damages: damages) }
    return values
  }
}
