import LibpqClient

// Everything that importing a sample writes, table by table. What is there stays.
extension EmulationRows {
  func isClosed(_ key: BlocPeriodKey) async throws -> Bool {
    let rows = try await query(
      "select state from emulation.bloc_period where bloc = $1 and period = $2",
      [key.bloc, key.period])
    return try rows.first?.value("state", PeriodState.self).isFinal ?? false
  }

  func storeUnits(_ sample: SampleData) async throws {
    // In the order of their codes, so that two imports at once never wait for each other in a circle.
    for membership in sample.memberships.sorted(by: { $0.unit.code < $1.unit.code }) {
      let unit = membership.unit
      try await query(
        "insert into emulation.unit values ($1, $2, $3) on conflict do nothing",
        [unit.code, unit.name.vi, unit.name.en])
    }
  }

  /// Whether the bloc had no such period before.
  func storeBlocPeriod(_ sample: SampleData) async throws -> Bool {
    let (bloc, period) = (sample.bloc, sample.period)
    try await query(
      "insert into emulation.bloc values ($1, $2, $3, $4, $5) on conflict do nothing",
      [bloc.code, bloc.name.vi, bloc.name.en, bloc.province.vi, bloc.province.en])
    try await query(
      """
      insert into emulation.period values ($1, $2, $3, $4, $5::date, $6::date)
      on conflict do nothing
      """,
      [
        period.code, period.name.vi, period.name.en, period.kind.rawValue, period.firstDay.iso,
        period.lastDay.iso,
      ])
    return try await query(
      """
      insert into emulation.bloc_period
        (bloc, period, state, head_unit, head_post_vi, head_post_en, head_person, scheme,
         scheme_version, report_number, report_symbol, report_place, report_day)
      values ($1, $2, 'scoring', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::date)
      on conflict do nothing
      """,
      [
        bloc.code, period.code, sample.head.unit, sample.head.post.vi, sample.head.post.en,
        sample.head.person, sample.scheme.code, sample.scheme.version, sample.document.number,
        sample.document.symbol, sample.document.place, sample.document.day.iso,
      ]
    ).affectedRows > 0
  }

  /// Members and exclusions. Returns whether there is any that was not there before.
  func storeStanding(_ sample: SampleData) async throws -> Bool {
    var added = 0
    for membership in sample.memberships {
      added += try await query(
        """
        insert into emulation.membership values ($1, $2, $3::date, $4::date)
        on conflict do nothing
        """,
        [
          sample.bloc.code, membership.unit.code, membership.from.iso, membership.through?.iso,
        ]
      ).affectedRows
    }
    for exclusion in sample.exclusions {
      added += try await query(
        "insert into emulation.exclusion values ($1, $2, $3, $4, $5) on conflict do nothing",
        [
          sample.bloc.code, sample.period.code, exclusion.unit, exclusion.reason.vi,
          exclusion.reason.en,
        ]
      ).affectedRows
    }
    return added > 0
  }

  func storeRecipients(_ sample: SampleData) async throws {
    for recipient in sample.recipients {
      try await query(
        "insert into emulation.recipient values ($1, $2, $3, $4, $5) on conflict do nothing",
        [sample.bloc.code, recipient.code, recipient.unit, recipient.name, recipient.email])
    }
  }
}
