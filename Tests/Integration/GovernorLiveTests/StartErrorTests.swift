import Glibc
import LiveStores
import Messages
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

import GovernorCore

/// What a governor refuses to start with: exit code 64, and every mistake named at once. No server is needed for it.
@Suite(.serialized) struct StartErrorTests {
    private static let sound = [
        "GAUNTLET_REDIS": "127.0.0.1:1", "GAUNTLET_BROKER": "127.0.0.1:1", "GAUNTLET_POSTGRES": "postgresql:///x",
        "GAUNTLET_SYMBOLS": "NVDA",
    ]

    /// Starts it with these variables changed (`nil` removes one); its exit code and what it said.
    private func start(_ changes: [String: String?]) throws -> (status: Int32?, text: String) {
        var environment = StartErrorTests.sound
        for (name, value) in changes { environment[name] = value }
        let reactor = try Reactor()
        let folder = try ScratchFolder.make("governor-start")
        defer { ScratchFolder.remove(folder) }
        let path = "\(folder)/output"
        let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let process = try ChildProcess(
            "governor",
            Command("\(Programs.ownDirectory)/governor", [], environment: environment, endsWithUs: true),
            output: output, on: reactor)
        if !reactor.run(until: Instant.now + .seconds(10), or: { !process.isRunning }) { process.signal(SIGKILL) }
        return (process.status, String(decoding: ProcessTable.contents(path), as: UTF8.self))
    }

    private static func limits(_ change: (inout [JSON.Member]) -> Void) -> String {
        var members = Limits().json.members ?? []
        change(&members)
        return String(decoding: JSON.object(members).bytes(), as: UTF8.self)
    }

    @Test func `a missing, a wrong and an unknown limit are named at once`() throws {
        let text = StartErrorTests.limits { members in
            members.removeAll { $0.key == "max_position" || $0.key == "max_open_orders" }
            members += [JSON.Member("max_open_orders", "many"), JSON.Member("max_positon", 5)]
        }
        let folder = try ScratchFolder.make("limits")
        defer { ScratchFolder.remove(folder) }
        let path = "\(folder)/limits.json"
        try ScratchFolder.write(text, to: path)
        let end = try start(["GAUNTLET_LIMITS": path])
        #expect(end.status == 64)
        #expect(end.text.contains("\(path)"))
        #expect(end.text.contains("missing key 'max_position'"))
        #expect(end.text.contains("unknown key 'max_positon'"))
        #expect(end.text.contains("'max_open_orders': expected an integer of at least 0, found \"many\""))
    }

    @Test(
        arguments: [
            ("GAUNTLET_REDIS", nil, "GAUNTLET_REDIS: expected host:port"),
            ("GAUNTLET_REDIS", "127.0.0.1", "found '127.0.0.1'"),
            ("GAUNTLET_FEED", "nowhere", "GAUNTLET_FEED: expected host:port"),
            ("GAUNTLET_BROKER", "127.0.0.1:99999", "GAUNTLET_BROKER: expected host:port"),
            ("GAUNTLET_POSTGRES", "", "GAUNTLET_POSTGRES: expected a libpq URL"),
            ("GAUNTLET_METRICS_PORT", "-1", "GAUNTLET_METRICS_PORT: expected a port, 0 to 65535, found '-1'"),
            ("GAUNTLET_SYMBOLS", "", "GAUNTLET_SYMBOLS: expected symbols separated by commas"),
            ("GAUNTLET_MODE", "shadwo", "GAUNTLET_MODE: expected live or shadow, found 'shadwo'"),
            ("GAUNTLET_LIMITS", "/nowhere/limits.json", "GAUNTLET_LIMITS: expected a file that can be read"),
            ("GAUNTLET_FEES", "/nowhere/fees.json", "GAUNTLET_FEES: expected a file that can be read"),
        ] as [(String, String?, String)])
    func `a wrong variable ends the start with its name, what was expected and what was found`(
        name: String, value: String?, text: String
    ) throws {
        let end = try start([name: value])
        #expect(end.status == 64)
        #expect(end.text.contains(text), "\(end.text)")
    }

    @Test func `several wrong variables are named at once`() throws {
        let end = try start(["GAUNTLET_REDIS": nil, "GAUNTLET_MODE": "loud", "GAUNTLET_METRICS_PORT": "x"])
        #expect(end.status == 64)
        #expect(end.text.split(separator: "\n").count == 3, "\(end.text)")
    }

    @Test func `limits that are loosened while it runs bind as they were until a restart`() throws {
        let rig = try GovernorRig()
        let path = "\(rig.directory)/limits.json"
        try ScratchFolder.write(StartErrorTests.limits(order: 10), to: path)
        try rig.startTrading(["GAUNTLET_LIMITS": path])
        rig.publish("before", .buy, 11)
        #expect(rig.reason("before") == .maxQuantity)
        try ScratchFolder.write(StartErrorTests.limits(order: 100), to: path)
        rig.publish("loosened", .buy, 11)
        #expect(rig.reason("loosened") == .maxQuantity)
        rig.governor?.signal(SIGTERM)
        #expect(rig.ending(rig.governor) == 0)
        try rig.startGovernor(["GAUNTLET_LIMITS": path])
        rig.eventuallyTrading()
        rig.publish("restarted", .buy, 11)
        #expect(rig.reason("restarted") == .ok)
    }

    private static func limits(order quantity: Int64) -> String {
        var limits = Limits()
        limits.maxOrderQuantity = Quantity(shares: quantity)
        return String(decoding: limits.json.bytes(), as: UTF8.self)
    }
}
