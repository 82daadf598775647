package import FoundationEssentials

/// What all processes of a run have written into their journals.
package struct Recorded: Sendable {
  /// A handler that began.
  package struct Start: Sendable {
    package let time: Int64
    package let id: Int64
    package let attempt: Int64
    package let crashes: Int64
  }

  /// In the order of their times.
  package private(set) var starts: [Start] = []
  /// Jobs whose handlers saw the commit of their transaction.
  package private(set) var applied: Set<Int64> = []
  /// Jobs of transactions that are known to have committed.
  package private(set) var enqueued: Set<Int64> = []
  /// Jobs of transactions whose producer died, or lost its connection, before it knew.
  package private(set) var uncertain: Set<Int64> = []
  /// Jobs of the kind that is settled in the handler's transaction, certain or not. A crash may take an
  /// id back and give it to a job of another kind: what is certain decides, and where nothing is, the
  /// kind is not known.
  package var payments: Set<Int64> {
    paid.union(perhapsPaid.subtracting(enqueued).subtracting(perhapsSteps))
  }

  /// Jobs that no producer enqueued: of workflows, batches and schedules.
  package private(set) var made: Set<Int64> = []
  /// How often a job has asked to be run later, with its attempt as it was.
  package private(set) var snoozes: [Int64: Int] = [:]

  private var paid: Set<Int64> = []
  private var perhapsPaid: Set<Int64> = []
  private var perhapsSteps: Set<Int64> = []

  /// The jobs of a transaction that is not known to have committed.
  private struct Batch {
    let ids: [Int64]
    let isPayment: Bool
  }

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
    var open: [Int64: Batch] = [:]
    data.withUnsafeBytes { bytes in
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        let words = line.split(separator: UInt8(ascii: " "))
        guard let first = words.first?.first else { continue }
        read(first, words, &open)
      }
    }
    for batch in open.values {
      uncertain.formUnion(batch.ids)
      if batch.isPayment {
        perhapsPaid.formUnion(batch.ids)
      } else {
        perhapsSteps.formUnion(batch.ids)
      }
    }
    // Their numbers may have been given again after a crash took them back.
    uncertain.subtract(enqueued)
  }

  private mutating func read(
    _ event: UInt8, _ words: [Slice<UnsafeRawBufferPointer>], _ open: inout [Int64: Batch]
  ) {
    switch (event, words.count) {
    case (UInt8(ascii: "S"), 5):
      starts.append(
        Start(
          time: number(words[1]), id: number(words[2]), attempt: number(words[3]),
          crashes: number(words[4])))
    case (UInt8(ascii: "M"), 2): made.insert(number(words[1]))
    case (UInt8(ascii: "Z"), 2): snoozes[number(words[1]), default: 0] += 1
    case (UInt8(ascii: "A"), 3): applied.insert(number(words[2]))
    case (UInt8(ascii: "I"), 4):
      let ids = words[3].split(separator: UInt8(ascii: ",")).map(number)
      open[number(words[1])] = Batch(
        ids: ids, isPayment: words[2].elementsEqual("pay".utf8))
    case (UInt8(ascii: "E"), 2):
      guard let batch = open.removeValue(forKey: number(words[1])) else { return }
      enqueued.formUnion(batch.ids)
      if batch.isPayment { paid.formUnion(batch.ids) }
    default: break  // The last line of a process that was killed in the middle of it.
    }
  }

  private func number(_ digits: some Sequence<UInt8>) -> Int64 {
    digits.reduce(0) { $0 * 10 + Int64($1 &- UInt8(ascii: "0")) }
  }
}
