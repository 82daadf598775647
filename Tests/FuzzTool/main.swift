import Foundation
import Fuzzing
import JobQueueTesting

/// The target that `scripts/fuzz` names.
let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["ONG_FUZZ_TARGET"] ?? ""
  guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
    let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
    FileHandle.standardError.write(Data("ONG_FUZZ_TARGET is one of: \(names)\n".utf8))
    exit(2)
  }
  return found
}()

/// What libFuzzer calls with each input that it has made up.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target.read(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

typealias Driver =
  @convention(c) (
    UnsafeMutablePointer<Int32>,
    UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

// `fuzz --seeds FOLDER` writes what libFuzzer is to begin with.
if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--seeds" {
  for (number, seed) in target.seeds.enumerated() {
    try Data(seed).write(
      to: URL(filePath: CommandLine.arguments[2]).appending(path: "seed-\(number)"))
  }
  exit(0)
}

// libFuzzer is there when scripts/fuzz has built this. Otherwise: a number of seeds, from the first.
if let symbol = dlsym(nil, "LLVMFuzzerRunDriver") {
  var count = CommandLine.argc
  var arguments = CommandLine.unsafeArgv
  exit(unsafeBitCast(symbol, to: Driver.self)(&count, &arguments, testOneInput))
}
try await forEachSeed(rounds: 100_000) { random in target.read(target.input(&random)) }
