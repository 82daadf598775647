import Testing

@testable import LibpqClient

@Suite("Connection strings")
struct ConnectionParametersTests {
  private func values(_ conninfo: String) throws -> [String: String] {
    try ConnectionParameters(ConnectionConfiguration(conninfo)).values
  }

  @Test("keepalives and tcp_user_timeout are set unless the string sets them")
  func keepalives() throws {
    let defaults = try values("host=a")
    #expect(defaults["keepalives_idle"] == "10" && defaults["keepalives_interval"] == "5")
    #expect(defaults["keepalives_count"] == "3" && defaults["tcp_user_timeout"] == "25000")
    let own = try values("postgresql://a/?keepalives_idle=77&tcp_user_timeout=1")
    #expect(own["keepalives_idle"] == "77" && own["tcp_user_timeout"] == "1")
    let service = try values("service=somewhere")
    #expect(service["keepalives_idle"] == nil && service["tcp_user_timeout"] == nil)
  }

  @Test("TLS settings and all else pass through")
  func passThrough() throws {
    let values = try values(
      "postgresql://u@a:1,b:2/d?sslmode=verify-full&sslrootcert=/x&target_session_attrs=read-write")
    #expect(values["sslmode"] == "verify-full" && values["sslrootcert"] == "/x")
    #expect(values["host"] == "a,b" && values["port"] == "1,2" && values["user"] == "u")
    #expect(values["target_session_attrs"] == "read-write" && values["client_encoding"] == "UTF8")
  }

  @Test("the search path and the name are added to what the string says")
  func additions() throws {
    var configuration = ConnectionConfiguration("options='-c jit=off' application_name=a")
    configuration.searchPath = #""my schema", public"#
    configuration.applicationName = "b"
    let values = try ConnectionParameters(configuration).values
    #expect(values["options"] == #"-c jit=off -c search_path="my\ schema",\ public"#)
    #expect(values["application_name"] == "b" && values["fallback_application_name"] == "ong")
  }

  @Test("hosts that were tried are dropped, with their ports")
  func dropping() throws {
    let parameters = try ConnectionParameters(
      ConnectionConfiguration("host=a,b,c port=1,2,3 connect_timeout=4"))
    #expect(parameters.hostCount == 3 && parameters.connectTimeout == .seconds(4))
    let rest = try #require(parameters.dropping(hosts: 1))
    #expect(rest.values["host"] == "b,c" && rest.values["port"] == "2,3")
    #expect(parameters.dropping(hosts: 3) == nil)
    let onePort = try ConnectionParameters(ConnectionConfiguration("host=a,b port=7"))
    #expect(onePort.dropping(hosts: 1)?.values["port"] == "7")
    #expect(parameters.position(ofHost: "b", port: "2") == 1)
    #expect(parameters.position(ofHost: "b", port: "9") == 0)
  }

  @Test("the environment names a server by ONG_DATABASE_URL first, then by libpq's variables")
  func environment() {
    let configuration = ConnectionConfiguration.fromEnvironment
    #expect(configuration(["ONG_DATABASE_URL": "x", "PGHOST": "y"])?.conninfo == "x")
    #expect(configuration(["PGSERVICE": "s"])?.conninfo == "")
    #expect(configuration(["ONG_DATABASE_URL": "", "HOME": "/"]) == nil)
  }

  @Test("durations become whole seconds and milliseconds, rounded up")
  func durations() {
    #expect(Duration.microseconds(1500).milliseconds == 2)
    #expect(Duration.milliseconds(1001).wholeSeconds == "2")
    #expect(Duration.zero.wholeSeconds == "1")
  }
}
