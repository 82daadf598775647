/// Facts under each other, names aligned: how one thing is shown.
struct FactList {
  private var facts: [(name: String, value: String)] = []

  /// Adds a fact; nothing is added for nil or an empty value.
  mutating func add(_ name: String, _ value: String?) {
    if let value, !value.isEmpty { facts.append((name, value)) }
  }

  mutating func add(_ name: String, _ value: (some BinaryInteger)?) {
    add(name, value.map { "\($0)" })
  }

  /// Values stand whole: a fact is looked up to be read, however long it is.
  var lines: [String] {
    let width = facts.map { DisplayWidth.of($0.name) }.max() ?? 0
    return facts.map { fact in
      let spaces = String(repeating: " ", count: width - DisplayWidth.of(fact.name) + 2)
      return fact.name + spaces + fact.value.printable()
    }
  }
}
