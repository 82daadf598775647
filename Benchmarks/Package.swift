// swift-tools-version: 6.1
import PackageDescription

// Apart from the product's package: nobody who builds Ong has to fetch or build this.
let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "ong", path: ".."),
    // Without its traits there is no jemalloc, so mallocs are not counted.
    .package(
      url: "https://github.com/ordo-one/benchmark", .upToNextMinor(from: "1.38.1"), traits: []),
  ],
  targets: [
    .executableTarget(
      name: "HotPiecesBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "HotPieces", package: "ong"),
      ],
      path: "HotPiecesBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ])
