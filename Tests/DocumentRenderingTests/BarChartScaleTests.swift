import Testing

@testable import DocumentRendering

@Suite("The scale of a bar chart")
struct BarChartScaleTests {
  @Test(
    "ends at a round number and has 4 to 9 round ticks",
    arguments: [
      (102.5, 120, ["0", "20", "40", "60", "80", "100", "120"]),
      (100, 100, ["0", "20", "40", "60", "80", "100"]),
      (0.3, 0.3, ["0,00", "0,05", "0,10", "0,15", "0,20", "0,25", "0,30"]),
      (7_100_000, 8_000_000, ["0", "2.000.000", "4.000.000", "6.000.000", "8.000.000"]),
      (0, 1, ["0,0", "0,2", "0,4", "0,6", "0,8", "1,0"]),
    ])
  func roundNumbers(extent: Double, end: Double, labels: [String]) {
    let scale = BarChartScale(reaching: extent)
    #expect(abs(scale.maximum - end) < 1e-9 * end)
    #expect(scale.ticks.map(scale.label) == labels)
  }

  @Test("ends where it is told to, but never before the longest bar")
  func givenEnd() {
    #expect(BarChartScale(reaching: 97, end: 105).maximum == 105)
    #expect(BarChartScale(reaching: 110, end: 105).maximum == 120)
    #expect(BarChartScale(reaching: 97, end: .infinity).maximum == 100)
  }
}
