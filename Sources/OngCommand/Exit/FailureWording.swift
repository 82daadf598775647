extension CommandFailure {
  /// The one place that words an error of the floors below for the person at the terminal.
  init(explaining error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    default: self.init(.failure, "\(error)")
    }
  }
}
