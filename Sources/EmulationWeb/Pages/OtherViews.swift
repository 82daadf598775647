import EmulationAwards

/// The list of blocs: the front page when there are several, or none.
struct BlocsView {
  struct Line {
    let name: String
    let period: String
    let stateName: String
    let url: String
  }

  let page: PageFrame
  let t: Texts
  let blocs: [Line]
  let hasBlocs: Bool

  init(page: PageFrame, language: Language, blocs: [BlocPeriod]) {
    self.page = page
    t = Texts.of(language)
    self.blocs = blocs.map { bloc in
      Line(
        name: language(bloc.bloc.name), period: language(bloc.period.name),
        stateName: language(bloc.state.label),
        url: PagePaths(language: language, key: bloc.key).ranking)
    }
    hasBlocs = !blocs.isEmpty
  }
}

/// The units of a bloc, each leading to its form.
struct UnitsView {
  struct Line {
    let unit: String
    let name: String
    let otherName: String?
    let url: String
    let isSent: Bool
  }

  let page: PageFrame
  let t: Texts
  let units: [Line]

  init(
    page: PageFrame, language: Language, bloc: BlocPeriod, units: [EmulationUnit],
    sentBy: Set<String>
  ) {
    let paths = PagePaths(language: language, key: bloc.key)
    self.page = page
    t = Texts.of(language)
    self.units = units.map { unit in
      Line(
        unit: unit.code, name: language(unit.name), otherName: language.other(unit.name),
        url: paths.sheet(unit.code), isSent: sentBy.contains(unit.code))
    }
  }
}

/// Says what went wrong and what to do next.
struct ErrorView {
  let page: PageFrame
  let t: Texts
  let status: Int
  let message: String
  let advice: String
  /// The number of the request in the log, where an operator has to look; nil otherwise.
  let reference: String?
}
