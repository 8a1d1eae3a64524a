// swift-tools-version: 6.1
import PackageDescription

// Five rooms, imports downward only: Programs → Roles → Drivers → Rules → Systems.
// `Tests/Tidy` reads this file and the sources, and refuses an import that goes up.

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func room(_ room: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(room)/\(name)", swiftSettings: strict)
}

/// A core whose tests look inside: release builds keep its internal names visible for them.
func inspectable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/Roles/\(name)",
        swiftSettings: strict + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))])
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Systems/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + [argumentParser],
        path: "Sources/Programs/\(name)", swiftSettings: strict)
}

/// Tests themselves are not optimised, which saves a quarter of a build; what they test is, as it is for drills.
func tests(_ room: String, _ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(room)/\(name)",
        swiftSettings: strict + [.unsafeFlags(["-Onone"], .when(configuration: .release))])
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")

let systems: [Target] = [
    system("CHiredis", pkgConfig: "hiredis", apt: "libhiredis-dev"),
    system("CLibpq", pkgConfig: "libpq", apt: "libpq-dev"),
    system("CNettle", pkgConfig: "nettle", apt: "nettle-dev"),
    system("CLibnl", pkgConfig: "libnl-route-3.0", apt: "libnl-route-3-dev"),
    .target(name: "CLinux", path: "Sources/Systems/CLinux"),
    .executableTarget(name: "lab-init", path: "Sources/Systems/lab-init"),
]

let rules: [Target] = [
    room("Rules", "Units"),
    room("Rules", "FIX", ["Units"]),
    room("Rules", "Messages", ["Units"]),
    room("Rules", "Books", ["Units", "Messages"]),
    room("Rules", "History", ["Units", "Messages", "CNettle"]),
    room("Rules", "Scenarios", ["Units", "Messages", yams]),
    room("Rules", "Certification", ["Units", "Messages", "Scenarios", "Verdicts"]),
    room("Rules", "Pages", ["Units", "Messages", "History"]),
    room("Rules", "Verdicts", ["Units", "Messages", "Books", "History", "Scenarios"]),
]

let drivers: [Target] = [
    room("Drivers", "Sockets", ["Units", "CLinux"]),
    room("Drivers", "Threads", ["Sockets"]),
    room("Drivers", "Commands", ["Units", "Messages", "Sockets"]),
    room("Drivers", "Processes", ["Units", "Sockets", "CLinux"]),
    room("Drivers", "Redis", ["Units", "Sockets", "CHiredis"]),
    room("Drivers", "Postgres", ["Units", "Sockets", "CLibpq"]),
    room("Drivers", "Netlink", ["Units", "Sockets", "Threads", "Processes", "CLibnl", "CLinux"]),
    room("Drivers", "Capture", ["Units", "Sockets", "CLinux"]),
    room("Drivers", "Stalls", ["Units", "Sockets", "Threads", "CLinux"]),
    room("Drivers", "HTTP", ["Units", "Sockets", flyingFox]),
    room("Drivers", "Telemetry", ["Units", "Messages"]),
    room("Drivers", "Archive", ["Units", "Messages", "History", "Sockets", "Threads", "CLinux"]),
    room("Drivers", "Tapes", ["Scenarios", "Sockets"]),
    room(
        "Drivers", "Judging",
        ["Units", "Messages", "Books", "History", "Scenarios", "Verdicts", "Archive", "CLinux"]),
]

let roles: [Target] = [
    room("Roles", "FeedReplayerCore", ["Units", "Messages", "Books", "Scenarios"]),
    room(
        "Roles", "FeedReplayerService",
        [
            "FeedReplayerCore", "Units", "Messages", "Scenarios", "Sockets", "Redis", "Archive", "History", "CLinux",
        ]),
    inspectable("BrokerStubCore", ["Units", "Messages", "Books", "FIX"]),
    room(
        "Roles", "BrokerStubService",
        [
            "BrokerStubCore", "Units", "FIX", "Messages", "Sockets", "Redis", "HTTP", "Telemetry", "CLinux",
        ]),
    room("Roles", "GovernorCore", ["Units", "Messages", "Books", "FIX"]),
    room(
        "Roles", "GovernorService",
        ["GovernorCore", "Units", "Messages", "Books", "FIX", "Sockets", "Redis", "Postgres", "HTTP", "Telemetry"]),
    room("Roles", "ChaosAgentCore", ["Units", "Messages"]),
    room(
        "Roles", "ChaosAgentService",
        [
            "ChaosAgentCore", "Units", "Messages", "History", "Sockets", "Commands", "Netlink", "Processes", "Archive",
            "CLinux",
        ]),
    inspectable("ObserverCore", ["Units", "Messages", "History"]),
    room(
        "Roles", "ObserverService",
        [
            "ObserverCore", "Units", "Messages", "History", "Sockets", "Commands", "Redis", "Capture", "HTTP",
            "Archive", "Judging", "Processes", "Stalls",
        ]),
    room("Roles", "ConductorCore", ["Units", "Messages", "History", "Scenarios", "Verdicts"]),
    room(
        "Roles", "ConductorService",
        [
            "ConductorCore", "Units", "Messages", "Certification", "History", "Scenarios", "Verdicts", "Pages", "Sockets",
            "Commands", "Redis", "Postgres", "Netlink", "Processes", "Archive", "Tapes", "Judging", "Threads", "HTTP", "CLinux",
        ]),
]

let programs: [Target] = [
    program(
        "gauntlet",
        [
            "ConductorCore", "ConductorService", "Units", "Messages", "Certification", "Commands", "Verdicts", "Scenarios",
            "Sockets", "Processes", "Archive", "Judging", "CLinux",
        ]),
    program(
        "feed-replayer",
        ["FeedReplayerService", "FeedReplayerCore", "Units", "Scenarios", "Sockets", "Archive", "Tapes"]),
    program(
        "broker-stub", ["BrokerStubService", "BrokerStubCore", "Books", "Redis", "Sockets", "Telemetry", "Units"]),
    program("governor", ["GovernorService", "GovernorCore"]),
    program(
        "rogue-governor",
        ["GovernorService", "GovernorCore", "Units", "Messages", "Books", "FIX", "Redis", "Sockets", "CLinux"]),
    program(
        "chaos-agent",
        [
            "ChaosAgentService", "ChaosAgentCore", "Units", "Messages", "Sockets", "Commands", "Processes", "Archive",
            "CLinux",
        ]),
    program("observer", ["ObserverService", "Archive", "Commands", "Sockets", "Units"]),
]

let testsAndBenchmarks: [Target] = [
    tests("Rules", "UnitsTests", ["Units"]),
    tests("Rules", "FIXTests", ["FIX", "Units"]),
    tests("Rules", "MessagesTests", ["Messages", "Units"]),
    tests("Rules", "BooksTests", ["Books", "Messages", "Units"]),
    tests("Rules", "HistoryTests", ["History", "Messages", "Units"]),
    tests("Rules", "ScenariosTests", ["Scenarios", "Messages", "Units"]),
    tests("Rules", "PagesTests", ["Pages", "History", "Messages", "Units"]),
    tests("Rules", "CertificationTests", ["Certification", "Scenarios", "Verdicts", "Messages", "Units"]),
    tests("Rules", "VerdictsTests", ["CheckPython", "Verdicts", "Books", "History", "Scenarios", "Messages", "Units"]),
    tests(
        "Roles", "FeedReplayerTests",
        [
            "FeedReplayerCore", "FeedReplayerService", "Scenarios", "Archive", "History", "Messages", "Redis",
            "Sockets", "LiveStores", "Units",
        ]),
    tests("Roles", "BrokerStubTests", ["BrokerStubCore", "Books", "FIX", "Messages", "Units"]),
    tests(
        "Roles", "GovernorTests",
        ["GovernorCore", "GovernorService", "Postgres", "Books", "FIX", "Messages", "Scenarios", "Units"]),
    tests("Roles", "ChaosAgentTests", ["ChaosAgentCore", "Messages", "Units"]),
    tests("Roles", "ObserverTests", ["ObserverCore", "History", "Messages", "Units"]),
    tests("Roles", "ConductorTests", ["ConductorCore", "Scenarios", "Units"]),
    tests("Integration", "FIXInteropTests", ["FIX", "ScratchFolders", "Sockets", "Processes", "Units"]),
    .target(
        name: "ScratchFolders", dependencies: ["Sockets"], path: "Tests/Support/ScratchFolders",
        swiftSettings: strict),
    .target(name: "CheckPython", path: "Tests/Support/CheckPython", swiftSettings: strict),
    .target(
        name: "LiveStores", dependencies: ["ScratchFolders", "Units", "Sockets", "CLinux"], path: "Tests/Support/LiveStores",
        swiftSettings: strict),
    tests(
        "Integration", "StoreTests",
        ["LiveStores", "ObserverCore", "Redis", "Postgres", "Sockets", "Telemetry", "Units"]),
    tests(
        "Integration", "BrokerTests",
        [
            "broker-stub", "LiveStores", "BrokerStubService", "BrokerStubCore", "FIX", "HTTP", "Messages", "Netlink",
            "Processes", "Redis", "ScratchFolders", "Sockets", "Telemetry", "Units", "CLinux",
        ]),
    tests(
        "Integration", "GovernorLiveTests",
        [
            "governor", "broker-stub", "GovernorCore", "LiveStores", "FIX", "HTTP", "Messages", "Postgres",
            "Processes", "Redis", "ScratchFolders", "Sockets", "Telemetry", "Units",
        ]),
    tests("Integration", "HTTPTests", ["CheckPython", "HTTP", "ScratchFolders", "Sockets", "Telemetry", "Units"]),
    .executableTarget(
        name: "idle-agent",
        dependencies: ["ChaosAgentService", "ChaosAgentCore", "Messages", "Sockets", "Units", argumentParser],
        path: "Tests/Support/idle-agent", swiftSettings: strict),
    .executableTarget(
        name: "doomed-parent", dependencies: ["Processes", "Sockets", "Threads"],
        path: "Tests/Support/doomed-parent", swiftSettings: strict),
    .executableTarget(
        name: "lossy-observer",
        dependencies: ["ObserverService", "Archive", "Commands", "Units", "Sockets", "Capture"],
        path: "Tests/Support/lossy-observer", swiftSettings: strict),
    tests(
        "Integration", "KernelTests",
        [
            "chaos-agent", "idle-agent", "doomed-parent", "Archive", "Netlink", "ChaosAgentCore", "ChaosAgentService",
            "Commands", "Processes", "Messages", "ScratchFolders", "Sockets", "Units", "CLinux",
        ]),
    tests(
        "Integration", "NetemProofTests",
        ["chaos-agent", "Messages", "Processes", "ScratchFolders", "Sockets", "Units"]),
    tests(
        "Integration", "ArchiveTests",
        [
            "Archive", "Judging", "Verdicts", "Scenarios", "History", "Messages", "ScratchFolders", "Sockets",
            "Units", "CLinux",
        ]),
    tests(
        "Integration", "CaptureTests",
        [
            "Capture", "Commands", "Netlink", "ObserverCore", "ObserverService", "Archive", "History", "Messages",
            "Processes", "ScratchFolders", "Sockets", "Stalls", "Units", "CLinux",
        ]),
    tests(
        "Integration", "DrillTests",
        ["CheckPython", "Archive", "Judging", "Verdicts", "Messages", "Processes", "Sockets", "Threads", "Units"]),
    tests("Tidy", "TidyTests", ["Messages"]),
    // What the promises are measured with: Benchmarks/README.md
    .executableTarget(
        name: "gauntlet-bench",
        dependencies: [
            "Units", "Messages", "FIX", "Books", "History", "Scenarios", "Verdicts", "Sockets", "Processes",
            "Postgres",
            "Netlink", "HTTP", "Archive", "Judging", "GovernorCore", "LiveStores", "CLinux", argumentParser,
        ], path: "Benchmarks/gauntlet-bench", swiftSettings: strict),
]

/// An image needs the programs alone, and is built from them alone (Dockerfile).
let hasTests = Context.environment["GAUNTLET_PROGRAMS_ONLY"] == nil

let package = Package(
    name: "Gauntlet",
    products: [],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: systems + rules + drivers + roles + programs + (hasTests ? testsAndBenchmarks : [])
)
