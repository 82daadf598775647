public import QueueSchema

extension MigrationSet {
  /// The tables of the domain, which the program expects in the schema ``emulationSchema``.
  public static let emulation = MigrationSet(name: "emulation", files: EmbeddedFiles.emulation)

  /// The schema of ``emulation``.
  public static let emulationSchema = "emulation"
}
