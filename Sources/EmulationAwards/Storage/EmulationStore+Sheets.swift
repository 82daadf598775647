import Foundation
import JobQueue
import LibpqClient

extension EmulationStore {
  @discardableResult
  public func submitSheet(
    _ sheet: SelfScoreSheet, author: String?
  ) async throws -> SheetReceipt {
    try await write { rows in
      let key = sheet.blocPeriod
      // The lock comes first: recalculation waits for it, so no edit slips between its reading and
      // the release of its unique key.
      let period = try await rows.lockBlocPeriod(key)
      try await rows.requireMember(sheet.unit, of: key)
      let stored = try await rows.sheet(of: sheet.unit, in: key, stage: sheet.stage)
      if stored.revision > 0, stored.figures == sheet.figures {
        return SheetReceipt(
          sheetRevision: stored.revision, inputRevision: period.inputRevision, isChanged: false)
      }
      try period.checkAccepts(sheet.stage)
      try sheet.validate(
        against: try await rows.scheme(period.schemeCode, version: period.schemeVersion))
      guard stored.revision == sheet.revision else { throw EmulationError.staleSheet(stored) }
      let revision = try await rows.storeSheet(sheet, author: author)
      let input = try await rows.bumpInputRevision(of: key)
      try await enqueueRecalculation(of: key, in: rows)
      return SheetReceipt(sheetRevision: revision, inputRevision: input, isChanged: true)
    }
  }

  /// At most one recalculation waits for each bloc and period; it reads whatever is there when it
  /// runs, so one that waits already is as good as a new one.
  func enqueueRecalculation(of key: BlocPeriodKey, in rows: EmulationRows) async throws {
    let delay = try await rows.timeToNextRecalculation(
      of: key, debounce: settings.recalculationDebounce)
    try await queue.enqueue(
      RecalculateScore(blocPeriod: key), delay: delay > .zero ? delay : nil,
      unique: .key(RecalculateScore.uniqueKey(key)), in: rows.connection)
  }
}

extension EmulationRows {
  /// How long the next recalculation has to wait to be `debounce` after the last one.
  fileprivate func timeToNextRecalculation(
    of key: BlocPeriodKey, debounce: Duration
  ) async throws -> Duration {
    guard debounce > .zero else { return .zero }
    let elapsed = try await query(
      """
      select floor(extract(epoch from clock_timestamp() - max(computed_at)) * 1000)::bigint
        from emulation.result_set where bloc = $1 and period = $2
      """, [key.bloc, key.period])[0, 0].decode(Int64?.self)
    guard let elapsed else { return .zero }
    return max(.zero, min(debounce, debounce - .milliseconds(elapsed)))
  }
}

extension BlocPeriod {
  fileprivate func checkAccepts(_ stage: SheetStage) throws {
    guard !state.accepts(stage) else { return }
    throw EmulationError.refused(
      LocalizedText(
        vi:
          "Kỳ \(period.name.vi) của khối đang ở trạng thái “\(state.label.vi)”, không nhận bảng điểm này",
        en:
          "The period \(period.name.en) is in the state “\(state.label.en)” and takes no such sheet"
      ))
  }
}

extension EmulationError {
  fileprivate static func staleSheet(_ stored: SelfScoreSheet) -> EmulationError {
    .conflict(
      LocalizedText(
        vi: "Bảng điểm của \(stored.unit) đã được người khác sửa (lần \(stored.revision)); "
          + "hãy tải lại trước khi gửi",
        en: "The sheet of \(stored.unit) was changed by somebody else (revision "
          + "\(stored.revision)); load it again before sending"))
  }
}
