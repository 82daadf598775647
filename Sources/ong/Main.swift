import Foundation
import OngCommand

/// The command `ong`. Everything it does is in OngCommand, where tests reach it.
@main
enum Main {
  static func main() async {
    exit(await Ong.run(arguments: Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
