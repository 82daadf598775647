import Testing

@testable import WebServing

struct ListenAddressTests {
  @Test(arguments: [
    ("8090", "127.0.0.1", 8090), ("localhost:0", "localhost", 0), ("[::1]:81", "::1", 81),
    (":8081", "127.0.0.1", 8081), ("0.0.0.0", "0.0.0.0", 8080),
  ])
  func `an address is read with its defaults`(text: String, host: String, port: Int) throws {
    #expect(try ListenAddress(parsing: text) == ListenAddress(host: host, port: port))
  }

  @Test(arguments: ["", "localhost:", "localhost:x", "1:2:3", "[::1]9", "host:70000", "-1"])
  func `nonsense is refused with what was expected`(text: String) {
    #expect(throws: ListenError.malformed(text)) { try ListenAddress(parsing: text) }
  }

  @Test(arguments: ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
  func `loopback is served without being asked for`(host: String) throws {
    var configuration = WebConfiguration()
    configuration.address.host = host
    try configuration.validate()
  }

  @Test(arguments: ["0.0.0.0", "::", "192.168.1.7", "localhost.example.vn", "127.0.0.1.example.vn"])
  func `an address that others reach needs the word for it`(host: String) throws {
    var configuration = WebConfiguration()
    configuration.address.host = host
    #expect(throws: ListenError.reachableFromOutside(configuration.address)) {
      try configuration.validate()
    }
    configuration.insecureListen = true
    try configuration.validate()
  }
}
