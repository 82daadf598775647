import Foundation
import LibpqClient

extension EmulationRows {
  private static let blocPeriod = """
    select b.code as bloc, b.name_vi as bloc_name_vi, b.name_en as bloc_name_en,
           b.province_vi, b.province_en, p.code as period, p.name_vi as period_name_vi,
           p.name_en as period_name_en, p.kind, p.first_day::text as first_day,
           p.last_day::text as last_day, bp.state, bp.head_unit, bp.head_post_vi, bp.head_post_en,
           bp.head_person, bp.scheme, bp.scheme_version, bp.input_revision
      from emulation.bloc_period bp
      join emulation.bloc b on b.code = bp.bloc
      join emulation.period p on p.code = bp.period
    """

  func blocPeriods() async throws -> [BlocPeriod] {
    try await query(Self.blocPeriod + " order by p.last_day desc, p.code desc, b.code")
      .map(Self.blocPeriod)
  }

  /// Throws ``EmulationError/unknown(_:)`` if there is none.
  func blocPeriod(_ key: BlocPeriodKey) async throws -> BlocPeriod {
    let rows = try await query(
      Self.blocPeriod + " where bp.bloc = $1 and bp.period = $2", [key.bloc, key.period])
    guard let row = rows.first else { throw EmulationError.unknownBlocPeriod(key) }
    return try Self.blocPeriod(row)
  }

  /// Takes the row's lock: from here to the end of the transaction nobody else edits figures of this
  /// bloc and period or closes it.
  func lockBlocPeriod(_ key: BlocPeriodKey) async throws -> BlocPeriod {
    try await query(
      "select 1 from emulation.bloc_period where bloc = $1 and period = $2 for no key update",
      [key.bloc, key.period])
    return try await blocPeriod(key)
  }

  /// Counts one accepted edit and says so to whoever watches.
  func bumpInputRevision(of key: BlocPeriodKey) async throws -> Int64 {
    let result = try await query(
      """
      update emulation.bloc_period set input_revision = input_revision + 1
       where bloc = $1 and period = $2 returning input_revision
      """, [key.bloc, key.period])
    try await announceChange(of: key)
    return try result[0, 0].decode(Int64.self)
  }

  /// Moves the period forward, step by step, and writes every step down.
  func advance(_ key: BlocPeriodKey, from start: PeriodState, to goal: PeriodState) async throws {
    for state in start.steps(to: goal) {
      try await query(
        "insert into emulation.state_change (bloc, period, state) values ($1, $2, $3)",
        [key.bloc, key.period, state.rawValue])
    }
    try await query(
      "update emulation.bloc_period set state = $3 where bloc = $1 and period = $2",
      [key.bloc, key.period, goal.rawValue])
  }

  func documentDetails(of key: BlocPeriodKey) async throws -> DocumentDetails {
    let row = try await query(
      """
      select report_number, report_symbol, report_place, report_day::text as report_day
        from emulation.bloc_period where bloc = $1 and period = $2
      """, [key.bloc, key.period])[0]
    return DocumentDetails(
      number: try row["report_number"].decode(String?.self),
      symbol: try row["report_symbol"].decode(String.self),
      place: try row["report_place"].decode(String.self), day: try row.day("report_day"))
  }

  /// The units in the bloc on the period's last day.
  func members(of key: BlocPeriodKey) async throws -> [EmulationUnit] {
    try await query(
      """
      select u.code, u.name_vi, u.name_en
        from emulation.period p
        join emulation.membership m
          on m.bloc = $1 and m.from_day <= p.last_day
             and (m.through_day is null or m.through_day >= p.last_day)
        join emulation.unit u on u.code = m.unit
       where p.code = $2
       order by u.code collate "C"
      """, [key.bloc, key.period]
    ).map { row in
      EmulationUnit(
        code: try row["code"].decode(String.self), name: try row.localized("name"))
    }
  }

  func requireMember(_ unit: String, of key: BlocPeriodKey) async throws {
    guard try await members(of: key).contains(where: { $0.code == unit }) else {
      throw EmulationError.unknown(
        LocalizedText(
          vi: "Khối \(key.bloc) không có đơn vị \(unit) trong kỳ \(key.period)",
          en: "The bloc \(key.bloc) has no unit \(unit) in the period \(key.period)"))
    }
  }

  func exclusions(of key: BlocPeriodKey) async throws -> [Exclusion] {
    try await query(
      """
      select unit, reason_vi, reason_en from emulation.exclusion
       where bloc = $1 and period = $2 order by unit collate "C"
      """, [key.bloc, key.period]
    ).map { row in
      Exclusion(unit: try row["unit"].decode(String.self), reason: try row.localized("reason"))
    }
  }

  private static func blocPeriod(_ row: SQLRow) throws -> BlocPeriod {
    BlocPeriod(
      bloc: Bloc(
        code: try row["bloc"].decode(String.self), name: try row.localized("bloc_name"),
        province: try row.localized("province")),
      period: Period(
        code: try row["period"].decode(String.self), name: try row.localized("period_name"),
        kind: try row.value("kind"), firstDay: try row.day("first_day"),
        lastDay: try row.day("last_day")),
      state: try row.value("state"),
      head: BlocHead(
        unit: try row["head_unit"].decode(String.self), post: try row.localized("head_post"),
        person: try row["head_person"].decode(String.self)),
      schemeCode: try row["scheme"].decode(String.self),
      schemeVersion: try row["scheme_version"].decode(Int.self),
      inputRevision: try row["input_revision"].decode(Int64.self))
  }
}

extension EmulationError {
  static func unknownBlocPeriod(_ key: BlocPeriodKey) -> EmulationError {
    .unknown(
      LocalizedText(
        vi: "Không có khối \(key.bloc) trong kỳ \(key.period)",
        en: "There is no bloc \(key.bloc) in a period \(key.period)"))
  }
}
