package import FoundationEssentials

/// What all processes of a run have written into their journals.
package struct Recorded: Sendable {
  /// A handler that began.
  package struct Start: Sendable {
    package let time: Int64
    package let id: Int64
  }

  /// In the order of their times.
  package private(set) var starts: [Start] = []
  /// Jobs whose handlers saw the commit of their transaction.
  package private(set) var applied: Set<Int64> = []
  /// Jobs of transactions that are known to have committed.
  package private(set) var enqueued: Set<Int64> = []
  /// Jobs of transactions whose producer died, or lost its connection, before it knew.
  package private(set) var uncertain: Set<Int64> = []
  /// Jobs of the kind that is settled in the handler's transaction, certain or not.
  package private(set) var payments: Set<Int64> = []

  package init() {}

  package init(folder: String) throws {
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: folder).sorted() {
      guard let data = files.contents(atPath: folder + "/" + name) else { continue }
      read(data)
    }
    starts.sort { $0.time < $1.time }
  }

  /// Reads one process's journal.
  package mutating func read(_ data: Data) {
    var open: [Int64: [Int64]] = [:]
    data.withUnsafeBytes { bytes in
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        let words = line.split(separator: UInt8(ascii: " "))
        guard let first = words.first?.first else { continue }
        read(first, words, &open)
      }
    }
    for ids in open.values { uncertain.formUnion(ids) }
    // Their numbers may have been given again after a crash took them back.
    uncertain.subtract(enqueued)
  }

  private mutating func read(
    _ event: UInt8, _ words: [Slice<UnsafeRawBufferPointer>], _ open: inout [Int64: [Int64]]
  ) {
    switch (event, words.count) {
    case (UInt8(ascii: "S"), 5):
      starts.append(Start(time: number(words[1]), id: number(words[2])))
    case (UInt8(ascii: "A"), 3): applied.insert(number(words[2]))
    case (UInt8(ascii: "I"), 4):
      let ids = words[3].split(separator: UInt8(ascii: ",")).map(number)
      open[number(words[1])] = ids
      if words[2].elementsEqual("pay".utf8) { payments.formUnion(ids) }
    case (UInt8(ascii: "E"), 2):
      enqueued.formUnion(open.removeValue(forKey: number(words[1])) ?? [])
    default: break  // The last line of a process that was killed in the middle of it.
    }
  }

  private func number(_ digits: some Sequence<UInt8>) -> Int64 {
    digits.reduce(0) { $0 * 10 + Int64($1 &- UInt8(ascii: "0")) }
  }
}
