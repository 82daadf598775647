import FaultInjection
import Testing

@Suite("Fault plan")
struct FaultPlanTests {
  @Test("The same seed gives the same plan, another seed another")
  func repeats() {
    let plan = FaultPlan(seed: 7, seconds: 60, kinds: FaultKind.allCases)
    #expect(plan == FaultPlan(seed: 7, seconds: 60, kinds: FaultKind.allCases))
    #expect(plan != FaultPlan(seed: 8, seconds: 60, kinds: FaultKind.allCases))
    #expect(Set(plan.faults.map(\.kind)) == Set(FaultKind.allCases))
  }
}
