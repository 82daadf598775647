import LibpqClient
import PrivatePostgres
import Testing

@Suite("A private server")
struct PrivateServerTests {
}
