// swift-tools-version: 6.2
import PackageDescription

// One target per arrow of the data's way and one per C library; docs/architecture.md draws the picture and
// scripts/check-imports holds the import lines to the dependencies declared here.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  // Returning a Span that borrows from its owner needs this flag as of Swift 6.3.
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.target(name: name), "AcervoTesting"] + dependencies, exclude: exclude,
    swiftSettings: swiftSettings)
}

func system(_ name: String, pkgConfig: String? = nil, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
  name: "acervo",
  products: [
    .executable(name: "acervo", targets: ["acervo"]),
    .executable(name: "acervo-serve", targets: ["acervo-serve"]),
  ],
  targets: [
    // C libraries of the distribution.
    system("CLibXML2", pkgConfig: "libxml-2.0", package: "libxml2-dev"),
    system("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
    system("CLMDB", pkgConfig: "lmdb", package: "liblmdb-dev"),
    system("CMicroHTTPD", pkgConfig: "libmicrohttpd", package: "libmicrohttpd-dev"),
    system("CWslay", package: "libwslay-dev"),
    system("CLibYAML", pkgConfig: "yaml-0.1", package: "libyaml-dev"),
    system("CStemmer", package: "libstemmer-dev"),
    system("CBLAS", pkgConfig: "blas", package: "libopenblas-dev"),
    system("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
    system("CUChardet", pkgConfig: "uchardet", package: "libuchardet-dev"),
    system("CPQ", package: "libpq-dev"),
    system("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    system("CCommonMark", pkgConfig: "libcmark-gfm", package: "libcmark-gfm-dev"),
    // Libraries behind C functions of ours (C++; ICU, whose headers clash with Foundation's), and our own C.
    .target(name: "CICU", linkerSettings: [.linkedLibrary("icuuc")]),
    .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),
    .target(name: "CCLD2", linkerSettings: [.linkedLibrary("cld2")]),
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])], linkerSettings: [.linkedLibrary("m")]),

    // The way of a page.
    library("Corpus", ["COpenSSL"]),
    library("Settings", ["CLibYAML", "Corpus"]),
    library("Pipelines", ["Settings", "Corpus"]),
    library("HTTPClient", ["CCurl", "CICU"]),
    library("Markup", ["CLibXML2", "CUChardet"]),
    library("Connectors", ["Corpus", "HTTPClient", "Markup", "Pipelines", "Settings", "CPQ", "CZlib"]),
    library("Cleaning", ["Corpus", "Markup", "CCommonMark"]),
    library("TextAnalysis", ["CStemmer", "CCLD2", "Corpus"]),
    library("Chunking", ["Corpus", "TextAnalysis"]),
    library("Embedding", ["Corpus", "CKernels", "HTTPClient"]),
    library("SearchIndexes", ["Corpus", "TextAnalysis", "CKernels"]),
    library("LMDB", ["CLMDB"]),
    library("Snapshots", ["COpenSSL", "Corpus", "LMDB"]),
    library("Retrieval", ["Corpus", "Snapshots", "SearchIndexes", "TextAnalysis", "Embedding"]),
    library("Answering", ["Corpus", "Embedding", "HTTPClient", "Retrieval", "Snapshots", "TextAnalysis"]),
    library("Evaluation", ["Corpus", "Settings", "Snapshots", "Retrieval", "Answering", "TextAnalysis"]),
    library(
      "Indexing",
      [
        "Corpus", "Pipelines", "Connectors", "Cleaning", "Chunking", "TextAnalysis", "Embedding", "SearchIndexes",
        "LMDB", "Snapshots", "Settings", "Retrieval", "Answering", "Evaluation",
      ]),
    library("Credentials", ["COpenSSL", "Corpus", "Snapshots"]),
    library(
      "Serving",
      [
        "Corpus", "Credentials", "Embedding", "HTTPClient", "LMDB", "Settings", "Snapshots", "Retrieval", "Answering",
        "Pages", "CMicroHTTPD", "CWslay",
      ]),
    .target(name: "Pages", resources: [.embedInCode("Files")], swiftSettings: swiftSettings),
    library("Terminal", ["Corpus"]),
    program(
      "acervo",
      [
        "Corpus", "Settings", "Pipelines", "Connectors", "Credentials", "HTTPClient", "Cleaning", "Chunking",
        "Embedding", "Snapshots", "Retrieval", "Answering", "Evaluation", "Indexing", "Serving", "Terminal",
      ]),
    program(
      "acervo-serve",
      ["Answering", "Corpus", "Credentials", "Embedding", "HTTPClient", "Serving", "Settings", "Snapshots", "Terminal"]),
    // Drives single stages for scripts/bench; no product for users.
    .executableTarget(
      name: "acervo-bench",
      dependencies: [
        "Corpus", "Cleaning", "Chunking", "Embedding", "SearchIndexes", "Snapshots", "Terminal", "TextAnalysis",
        "AcervoTesting",
      ], path: "Benchmarks/acervo-bench", swiftSettings: swiftSettings),

    // The conformance Confluence by hand; no product for users.
    program("acervo-confluence-lab", ["AcervoTesting", "Terminal"]),
    // For tests and benchmarks only: loopback web site, deterministic embedder, temporary folders, golden files.
    library(
      "AcervoTesting",
      ["Answering", "COpenSSL", "Corpus", "Credentials", "Embedding", "CMicroHTTPD", "CZlib"]),
    tests("Corpus", []),
    tests("Settings", ["Corpus"]),
    tests("Pipelines", ["Settings", "Corpus"], exclude: ["Golden"]),
    tests("HTTPClient", ["Corpus"]),
    tests("Markup", []),
    tests("Connectors", ["Corpus", "HTTPClient", "Pipelines", "Settings"]),
    tests("Cleaning", ["Corpus", "Markup"]),
    tests("TextAnalysis", ["Corpus"]),
    tests("Chunking", ["Corpus", "TextAnalysis"], exclude: ["Golden"]),
    tests("Embedding", ["Corpus", "CKernels", "CBLAS", "CSentencePiece", "HTTPClient"], exclude: ["Golden"]),
    tests("SearchIndexes", ["Corpus", "TextAnalysis", "CKernels"], exclude: ["Golden"]),
    tests("LMDB", []),
    tests("Snapshots", ["Corpus", "LMDB"]),
    tests("Retrieval", ["Corpus", "Snapshots", "SearchIndexes", "Embedding"]),
    tests("Answering", ["Corpus", "Retrieval", "Embedding", "HTTPClient"]),
    tests("Evaluation", ["Corpus", "Settings", "SearchIndexes", "Snapshots", "Retrieval", "Answering"]),
    tests(
      "Serving",
      [
        "Answering", "Corpus", "Credentials", "Embedding", "HTTPClient", "LMDB", "Pages", "Retrieval", "SearchIndexes",
        "Settings", "Snapshots",
      ]),
    tests(
      "Indexing",
      [
        "HTTPClient", "Corpus", "Pipelines", "Settings", "Snapshots", "Retrieval", "Embedding", "Evaluation",
        "Connectors", "Cleaning", "Chunking",
      ]),
    // Readers from a source to an answer: both sides of the house.
    .testTarget(
      name: "AccessTests",
      dependencies: [
        "AcervoTesting", "Connectors", "Corpus", "Embedding", "HTTPClient", "Indexing", "Pipelines", "Retrieval",
        "Serving",
        "Settings", "Snapshots",
      ],
      swiftSettings: swiftSettings),
    tests("Credentials", ["Corpus"]),
    tests("Terminal", []),
    .testTarget(
      name: "AcervoTestingTests", dependencies: ["AcervoTesting", "Corpus", "HTTPClient"], swiftSettings: swiftSettings),
    .testTarget(
      name: "EndToEndTests", dependencies: ["AcervoTesting", "Corpus"], swiftSettings: swiftSettings),
  ]
)
