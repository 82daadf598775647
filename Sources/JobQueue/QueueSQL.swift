/// The SQL surface of one installation: its functions and views under the schema's name.
package struct QueueSQL: Sendable, Hashable {
  package let schema: String
  private let prefix: String

  package init(schema: String) {
    self.schema = schema
    prefix = "\"" + schema.replacing("\"", with: "\"\"") + "\"."
  }

  /// The schema-qualified name of a function or view. `name` is one of ours, never input.
  package func callAsFunction(_ name: StaticString) -> String { "\(prefix)\(name)" }

  package var wakeChannel: String { schema + "_wake" }
  package var endedChannel: String { schema + "_ended" }
  package var controlChannel: String { schema + "_control" }
}
