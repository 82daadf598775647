import JobQueue

extension JobMeta {
  /// Nil for a plain job, at the cost of one look.
  init?(_ cell: PayloadBytes) {
    guard !cell.isNull,
      let meta = try? cell.withBytes({ try PayloadCoding.decode(JobMeta.self, from: $0) })
    else { return nil }
    self = meta
  }
}
