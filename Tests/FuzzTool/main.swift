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

// libFuzzer is there when scripts/fuzz has built this. Otherwise: a number of seeds, from the first.
if let symbol = dlsym(nil, "LLVMFuzzerRunDriver") {
  var count = CommandLine.argc
  var arguments = CommandLine.unsafeArgv
  exit(unsafeBitCast(symbol, to: Driver.self)(&count, &arguments, testOneInput))
}
try await forEachSeed(rounds: 100_000) { random in target.read(target.input(&random)) }
