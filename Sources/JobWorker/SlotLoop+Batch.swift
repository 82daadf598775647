import JobQueue

// Kinds whose handler takes many jobs in one call.
extension SlotLoop {
  /// Gathers jobs and calls the handler with them, or leaves the job to the slot that gathers already.
  func gather(
    _ known: KindMemory.Known, _ handling: BatchHandling, _ first: Gathering.Job,
    _ memory: inout KindMemory
  ) async -> Ending {
    let name = known.kind.stored.description
    guard let gathering = pool.gatherings.begin(name, first, limit: handling.limit) else {
      return .goesOn
    }
    let end = Moment.now + handling.wait
    let tick = max(.milliseconds(1), handling.wait / 10)
    fill(gathering, first.batch, known.kind, memory)
    while !gathering.isFull, Moment.now < end {
      try? await Task.sleep(for: min(tick, max(.zero, end - .now)))
      for batch in pool.readyBatches { fill(gathering, batch, known.kind, memory) }
    }
    let jobs = pool.gatherings.end(name, gathering)
    return await run(jobs, known, handling, &memory)
  }

  private func fill(
    _ gathering: Gathering, _ batch: ClaimedBatch, _ kind: RegisteredKind, _ memory: KindMemory
  ) {
    gathering.fill { room in
      batch.takeMore(room) { memory.isSame(kind, batch, $0) }.map { (batch, $0) }
    }
  }

  private func run(
    _ jobs: [Gathering.Job], _ known: KindMemory.Known, _ handling: BatchHandling,
    _ memory: inout KindMemory
  ) async -> Ending {
    let (open, items) = items(jobs, known)
    guard let first = open.first else { return .goesOn }
    let kind = known.kind
    let now = Moment.now.nanoseconds
    seat.begin(
      open.map { $0.batch.id($0.place) },
      deadline: kind.timeout == .max ? .max : now &+ kind.timeout)
    let executor = executor(kind, first.batch.priority, &memory)
    let outcomes = await call(handling, items, executor)
    let (stop, cancelled) = seat.endGroup()
    for place in outcomes.indices {
      let job = open[place]
      switch outcomes[place] {
      case .success(let result):
        report(result.map(JobOutcome.succeed), job.place, job.batch)
      case .failure(let error):
        let context = items[place].context
        let stop = cancelled.contains(context.id) ? .cancelled : stop ?? .timeout
        let outcome = outcome(of: error, kind, context, stop)
        tell(outcome, error, context, job.place, of: job.batch)
      }
    }
    guard let stop else {
      pool.shared.leaks.ended()
      return .abandoned
    }
    return stop == .none ? .goesOn : .spent
  }

  /// What the handler gets of those that have not expired.
  private func items(
    _ jobs: [Gathering.Job], _ known: KindMemory.Known
  ) -> (open: [Gathering.Job], items: [BatchHandling.Item]) {
    var open: [Gathering.Job] = []
    var items: [BatchHandling.Item] = []
    open.reserveCapacity(jobs.count)
    items.reserveCapacity(jobs.count)
    for job in jobs {
      guard let context = context(known, job.place, of: job.batch) else {
        report(.expired, job.place, job.batch)
        continue
      }
      let payload = PayloadBytes(
        rows: job.batch.rows, row: job.batch.firstRow + job.place, column: ClaimColumn.payload)
      open.append(job)
      items.append(BatchHandling.Item(payload: payload, context: context))
    }
    return (open, items)
  }

  private func call(
    _ handling: BatchHandling, _ items: [BatchHandling.Item], _ executor: DispatchTaskExecutor?
  ) async -> BatchHandling.Outcomes {
    do {
      guard let executor else { return try await handling.run(items) }
      return try await withTaskExecutorPreference(executor) { try await handling.run(items) }
    } catch {
      return Array(repeating: .failure(error), count: items.count)
    }
  }
}
