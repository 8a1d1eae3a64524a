import ChaosAgentCore
import Messages
import Testing
import Units

struct FaultRequestTests {
    private func mistakes(_ json: JSON) -> [String] {
        do {
            _ = try FaultRequest(json: json)
            return []
        } catch {
            return error.mistakes
        }
    }

    private let good: JSON = [
        "id": "slow", "kind": "latency", "from": ["198.18.0.12"], "delay_ns": 250_000_000, "jitter_ns": 0,
        "duration_ns": 15_000_000_000,
    ]

    private func good(changing key: String, to value: JSON) -> JSON {
        .object((good.members ?? []).filter { $0.key != key } + [.init(key, value)])
    }

    @Test func `a latency is read whole`() throws {
        let request = try FaultRequest(json: good)
        #expect(request.kind == .latency)
        #expect(request.from == [0xC612_000C])
        #expect(request.delay == .milliseconds(250))
        #expect(request.duration == .seconds(15))
    }

    @Test func `all mistakes are reported at once`() {
        let found = mistakes(["id": "a b", "kind": "latancy", "duration": 3, "from": ["198.18.0.999"]])
        #expect(found.count == 5, "\(found)")
        #expect(found.contains { $0.contains("Did you mean 'latency'?") })
        #expect(found.contains { $0.contains("unknown member 'duration'") })
    }

    @Test(
        arguments: [
            ("duration_ns", JSON.integer(600_000_000_001)), ("duration_ns", 0), ("delay_ns", 0),
            ("delay_ns", 30_000_000_001), ("delay_ns", "250ms"),
            ("from", []), ("from", ["127.0.0.1"]), ("from", ["0.0.0.0"]), ("from", ["198.18.0.012"]),
            ("from", "198.18.0.12"), ("direction", "both"),
            ("id", "../x"), ("id", ""), ("mode", "loud"), ("port", 0), ("seed", -1),
        ] as [(String, JSON)])
    func `a member outside its bounds is refused and named`(key: String, value: JSON) {
        let found = mistakes(good(changing: key, to: value))
        #expect(found.count == 1 && found[0].contains(key), "\(found)")
    }

    @Test func `at the limits it passes`() {
        #expect(mistakes(good(changing: "duration_ns", to: 600_000_000_000)).isEmpty)
        #expect(mistakes(good(changing: "delay_ns", to: 30_000_000_000)).isEmpty)
    }

    @Test(arguments: ["disconnect", "drop-socket", "half-open"])
    func `a fault of sockets needs a port`(kind: String) {
        let found = mistakes(["id": "x", "kind": .string(kind), "duration_ns": 1_000_000])
        #expect(found.count == 1 && found[0].contains("'port'"), "\(found)")
    }

    @Test(arguments: ["kill", "pause", "restart"])
    func `a fault of a process needs a pid above 1`(kind: String) {
        #expect(mistakes(["id": "x", "kind": .string(kind), "duration_ns": 1_000_000, "pid": 1]).count == 1)
        #expect(mistakes(["id": "x", "kind": .string(kind), "duration_ns": 1_000_000, "pid": 2]).isEmpty)
    }

    @Test func `a ledger names what was applied and never seen gone, and cuts a torn line`() throws {
        let request = try FaultRequest(json: good)
        var other = request
        other.id = "cut"
        var bytes = LedgerRecord.applying(request, interface: "market", remains: ["0a"]).line
        bytes += LedgerRecord.applying(other, interface: "market", remains: []).line
        bytes += LedgerRecord.gone(fault: "cut").line
        bytes += Array(LedgerRecord.applying(other, interface: "market", remains: []).line.dropLast(20))
        #expect(LedgerRecord.unfinished(bytes) == [.applying(request, interface: "market", remains: ["0a"])])
    }
}
