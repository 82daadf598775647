import WebServing

/// Who may use the pages, for the person who starts them.
struct PagesAccess: Sendable {
  let signInRequired: Bool

  /// What follows `accounts`.
  var description: String {
    signInRequired
      ? "sign-in is required, but for the ranking; see 'ong accounts ls'"
      : "none, so the pages are open to whoever reaches them; see 'ong accounts add --help'"
  }

  /// Where open pages are served to other machines.
  func warning(at address: ListenAddress) -> String? {
    guard !signInRequired, !address.isLoopback else { return nil }
    return """
      warning: other machines reach the pages at \(address), and anybody there may read everything \
      and send every unit's form.
        fix: ong accounts add NAME --secretary
      """
  }

  /// Said before the address is: nobody opens the pages without having been told.
  func warn(at address: ListenAddress) {
    if let warning = warning(at: address) { Terminal.say(warning) }
  }
}
