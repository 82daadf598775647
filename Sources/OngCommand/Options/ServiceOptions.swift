import ArgumentParser
import Foundation

/// What every command that keeps running takes: where output goes, the database, the log.
struct ServiceOptions: ParsableArguments {
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Database") var database: DatabaseOptions
  @OptionGroup var log: LogOptions
}
