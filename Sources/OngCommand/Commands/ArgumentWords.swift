public import ArgumentParser
public import EmulationAwards
public import JobQueue

// The words of queue and domain as values of options. `allValueStrings` lists them in help and completions.
extension JobState: ExpressibleByArgument {}
extension UniqueConflict: ExpressibleByArgument {}
extension TraceContext: ExpressibleByArgument {}
extension WorkflowState: ExpressibleByArgument {}
extension SkippedTimes: ExpressibleByArgument {}
extension RepeatedTimes: ExpressibleByArgument {}
extension ScheduleOverlap: ExpressibleByArgument {}
extension QueueLimits.KeyOrder: ExpressibleByArgument {}
extension NoticeState: ExpressibleByArgument {}
extension NoticeVerdict: ExpressibleByArgument {}

extension JobPriority: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public static var allValueStrings: [String] { allCases.map(\.description) }
  public var defaultValueDescription: String { description }
}
