import JobQueue
import JobWorker
import LibpqClient
import Logging

struct Greet: Job {
  static let kind = "greet"
  var name: String
  func run(in context: JobContext) async throws { print("Xin chào, \(name)!") }
}

let database = ConnectionConfiguration()  // PGHOST, PGSERVICE … as for psql
let queue = JobQueue(pool: ConnectionPool(database))
try await queue.createQueue("default")
try await queue.enqueue(Greet(name: "Hội Khuyến học"), priority: .high)
var registry = JobRegistry()
registry.register(Greet.self)
let logger = Logger(label: "greet")
try await Worker(configuration: database, registry: registry, logger: logger).drained()
