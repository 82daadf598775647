// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled alike: Swift 6 language mode and the upcoming features that make
/// imports and existentials explicit.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "ong",
  products: [
    .library(name: "JobQueue", targets: ["JobQueue"]),
    .library(name: "JobWorker", targets: ["JobWorker"]),
    .library(name: "PayloadEncryption", targets: ["PayloadEncryption"]),
    .library(name: "JobQueueTesting", targets: ["JobQueueTesting"]),
    .library(name: "HotPieces", targets: ["HotPieces"]),
    .executable(name: "ong", targets: ["ong"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", .upToNextMinor(from: "2.28.1")),
    .package(
      url: "https://github.com/hummingbird-project/swift-mustache", .upToNextMinor(from: "2.1.1")),
    .package(
      url: "https://github.com/swift-server/swift-service-lifecycle", .upToNextMinor(from: "2.13.0")
    ),
    .package(url: "https://github.com/apple/swift-crypto", .upToNextMinor(from: "4.5.2")),
    .package(url: "https://github.com/apple/swift-http-types", .upToNextMinor(from: "1.8.0")),
    .package(url: "https://github.com/apple/swift-nio", .upToNextMinor(from: "2.101.2")),
    .package(
      url: "https://github.com/HdrHistogram/hdrhistogram-swift", .upToNextMinor(from: "0.2.0")),
  ],
  // The floors of the house, lowest first: a target imports only what stands above it in this list.
  targets: [
    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(
      name: "LibpqClient",
      dependencies: ["CLibpq", .product(name: "Logging", package: "swift-log")],
      swiftSettings: settings),
    // C++ with a header in C: nothing outside sees simdjson.
    .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "JSONReading", dependencies: ["CSimdjson"], swiftSettings: settings),
    .target(name: "JSONWriting", swiftSettings: settings),
    .target(name: "ProcessSpawning", swiftSettings: settings),
    .target(
      name: "PrivatePostgres",
      dependencies: [
        "LibpqClient", "ProcessSpawning", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "QueueSchema", dependencies: ["LibpqClient"], swiftSettings: settings,
      plugins: ["EmbedFiles"]),
    .target(
      name: "JobQueue",
      dependencies: [
        "JSONReading", "JSONWriting", "LibpqClient", "QueueSchema",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "JobWorker",
      dependencies: [
        "JobQueue", "LibpqClient", "ProcessSpawning", "QueueSchema",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "PayloadEncryption",
      dependencies: ["JobQueue", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: settings),
    .target(
      name: "JobQueueTesting",
      dependencies: [
        "LibpqClient", "PrivatePostgres", "QueueSchema", "JobQueue", "JobWorker",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .systemLibrary(
      name: "CPango", pkgConfig: "pangocairo",
      providers: [.apt(["libpango1.0-dev", "libcairo2-dev", "fonts-croscore"])]),
    .target(name: "DocumentRendering", dependencies: ["CPango"], swiftSettings: settings),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "MailTransport", dependencies: ["CCurl"], swiftSettings: settings),
    .systemLibrary(
      name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .target(name: "PasswordHashing", dependencies: ["CSodium"], swiftSettings: settings),
    .target(
      name: "EmulationAwards",
      dependencies: [
        "DocumentRendering", "JobQueue", "JobWorker", "LibpqClient", "QueueSchema",
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["Sample"], swiftSettings: settings, plugins: ["EmbedFiles"]),
    .target(
      name: "WebServing",
      dependencies: [
        "LibpqClient",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .target(
      name: "QueueWeb",
      dependencies: [
        "WebServing", "JobQueue", "LibpqClient", "QueueSchema",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .target(
      name: "EmulationWeb",
      dependencies: [
        "WebServing", "EmulationAwards", "JobQueue", "LibpqClient", "PasswordHashing",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      exclude: ["Templates", "Assets"],
      swiftSettings: settings, plugins: ["EmbedFiles"]),
    .target(
      name: "HotPieces", dependencies: ["LibpqClient", "JobQueue", "JobWorker"],
      swiftSettings: settings),
    .target(
      name: "QueueBenchmark",
      dependencies: [
        "LibpqClient", "PrivatePostgres", "QueueSchema", "JobQueue", "JobWorker",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "OngCommand",
      dependencies: [
        "LibpqClient", "PrivatePostgres", "QueueSchema", "JobQueue", "JobWorker", "QueueBenchmark",
        "PasswordHashing", "PayloadEncryption", "EmulationAwards", "MailTransport", "WebServing",
        "EmulationWeb", "QueueWeb",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(name: "ong", dependencies: ["OngCommand"], swiftSettings: settings),
    .executableTarget(
      name: "hello",
      dependencies: [
        "JobQueue", "JobWorker", "LibpqClient", .product(name: "Logging", package: "swift-log"),
      ],
      path: "Examples/hello", swiftSettings: settings),
    .plugin(name: "EmbedFiles", capability: .buildTool()),
    .testTarget(
      name: "MailTransportTests", dependencies: ["MailTransport"], exclude: ["mail_server.py"],
      swiftSettings: settings),
    .testTarget(
      name: "LibpqClientTests",
      dependencies: [
        "LibpqClient", "PrivatePostgres", "JobQueueTesting",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "private-server-holder", dependencies: ["PrivatePostgres", "LibpqClient"],
      path: "Tests/PrivateServerHolder", swiftSettings: settings),
    .testTarget(
      name: "PrivatePostgresTests",
      dependencies: ["PrivatePostgres", "LibpqClient", "private-server-holder"],
      swiftSettings: settings),
    .testTarget(
      name: "JSONReadingTests", dependencies: ["JSONReading", "JobQueueTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "JSONWritingTests", dependencies: ["JSONWriting", "JobQueueTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "ProtocolTests", dependencies: ["JobQueueTesting", "LibpqClient", "QueueSchema"],
      swiftSettings: settings),
    .testTarget(
      name: "ModelTests", dependencies: ["PrivatePostgres"], swiftSettings: settings),
    .executableTarget(
      name: "crash-worker",
      dependencies: [
        "JobQueue", "JobWorker", "LibpqClient", .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/CrashWorker", swiftSettings: settings),
    .testTarget(
      name: "CrashTests",
      dependencies: ["crash-worker", "JobQueueTesting", "LibpqClient", "PrivatePostgres"],
      swiftSettings: settings),
    .target(
      name: "Fuzzing",
      dependencies: [
        "EmulationAwards", "EmulationWeb", "JobQueue", "JobQueueTesting", "JobWorker",
        "LibpqClient", "MailTransport", "OngCommand", "PayloadEncryption", "WebServing",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Hummingbird", package: "hummingbird"),
      ],
      path: "Tests/Fuzzing", swiftSettings: settings),
    .executableTarget(
      name: "fuzz", dependencies: ["Fuzzing", "JobQueueTesting"], path: "Tests/FuzzTool",
      swiftSettings: settings),
    .testTarget(
      name: "FuzzingTests", dependencies: ["Fuzzing", "JobQueueTesting"], swiftSettings: settings),
    .target(
      name: "FaultInjection",
      dependencies: [
        "JobQueue", "JobQueueTesting", "JobWorker", "LibpqClient", "PrivatePostgres", "QueueSchema",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/FaultInjection", swiftSettings: settings),
    .executableTarget(
      name: "chaos", dependencies: ["FaultInjection"], path: "Tests/ChaosTool",
      swiftSettings: settings),
    .executableTarget(
      name: "soak", dependencies: ["FaultInjection"], path: "Tests/SoakTool",
      swiftSettings: settings),
    .testTarget(
      name: "ChaosTests",
      dependencies: [
        "FaultInjection", "chaos", "soak", "JobQueueTesting", "LibpqClient", "PrivatePostgres",
      ], swiftSettings: settings),
    .testTarget(
      name: "PasswordHashingTests", dependencies: ["PasswordHashing"], swiftSettings: settings),
    .testTarget(
      name: "DocumentRenderingTests", dependencies: ["DocumentRendering"], swiftSettings: settings),
    .testTarget(
      name: "JobQueueTests",
      dependencies: [
        "JobQueue", "JobQueueTesting", "JobWorker", "LibpqClient",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "JobWorkerTests",
      dependencies: [
        "JobWorker", "JobQueue", "JobQueueTesting", "LibpqClient", "PrivatePostgres",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "QueueBenchmarkTests",
      dependencies: [
        "QueueBenchmark", "JobQueueTesting", "LibpqClient", "PrivatePostgres",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "PayloadEncryptionTests",
      dependencies: [
        "PayloadEncryption", "JobWorker", "JobQueue", "JobQueueTesting", "LibpqClient",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: settings),
    .testTarget(
      name: "EmulationAwardsTests",
      dependencies: [
        "EmulationAwards", "DocumentRendering", "JobQueue", "JobWorker", "JobQueueTesting",
        "LibpqClient", "QueueSchema", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "WebTesting",
      dependencies: [
        "WebServing",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      path: "Tests/WebTesting", swiftSettings: settings),
    .testTarget(
      name: "WebServingTests",
      dependencies: [
        "WebServing", "WebTesting", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "QueueWebTests",
      dependencies: [
        "QueueWeb", "WebServing", "WebTesting", "JobQueue", "JobQueueTesting", "LibpqClient",
        "QueueSchema", .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EmulationWebTests",
      dependencies: [
        "EmulationWeb", "WebServing", "WebTesting", "EmulationAwards", "JobQueue",
        "JobQueueTesting", "JobWorker", "LibpqClient", "PasswordHashing", "PrivatePostgres",
        "QueueSchema",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "DocumentationTests",
      dependencies: [
        "JobQueue", "JobQueueTesting", "JobWorker", "LibpqClient", "PayloadEncryption",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "OngCommandTests",
      dependencies: [
        "OngCommand", "JobQueue", "JobQueueTesting", "JobWorker", "LibpqClient",
        "PayloadEncryption",
        "PrivatePostgres", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
  ],
  cxxLanguageStandard: .cxx17
)

// The floors from LibpqClient to JobWorker alone, for builds with a sanitizer (scripts/sanitize):
// the web's dependencies would take most of their time.
if Context.environment["ONG_LOWER_FLOORS"] != nil {
  let upper = [
    "Benchmark", "DocumentRendering", "Documentation", "Emulation", "Fuzz", "fuzz", "HotPieces",
    "MailTransport",
    "Model", "OngCommand", "PasswordHashing", "Web", "ong", "hello", "CPango", "CCurl", "CSodium",
    "PayloadEncryption",
  ]
  package.targets.removeAll { target in upper.contains { target.name.contains($0) } }
  let targets = Set(package.targets.map(\.name))
  package.products.removeAll { !targets.contains($0.name) }
}
