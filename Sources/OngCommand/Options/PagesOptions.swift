import ArgumentParser
import WebServing

/// Where the pages are served, and to whom.
struct PagesOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Address of the pages.", valueName: "host:port"),
    transform: Self.address)
  var listen = ListenAddress()

  @Option(help: "Port of the pages, 0 for a free one; short for --listen.")
  var port: Int?

  @Flag(help: "Allow an address that other machines can reach, without HTTPS.")
  var insecureListen = false

  @Option(help: "A host name by which browsers reach the pages through a proxy; repeatable.")
  var publicHost: [String] = []

  @Option(
    help: ArgumentHelp(
      "Address of a proxy whose X-Forwarded-For names the visitor; repeatable.",
      discussion: "Default: this machine. Rates are counted for each visitor.", valueName: "address"
    ))
  var trustedProxy: [String] = []

  @Flag(help: "Mark cookies as secure: browsers come by HTTPS only, through a proxy.")
  var secureCookies = false

  var configuration: WebConfiguration {
    var configuration = WebConfiguration()
    configuration.address = listen
    if let port { configuration.address.port = port }
    configuration.insecureListen = insecureListen
    configuration.publicHosts = publicHost
    configuration.trustedProxies += trustedProxy
    return configuration
  }

  func validate() throws {
    do {
      try configuration.validate()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  private static func address(_ text: String) throws -> ListenAddress {
    do {
      return try ListenAddress(parsing: text)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
