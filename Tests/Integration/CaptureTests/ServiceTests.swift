import Archive
import Commands
import Glibc
import History
import Messages
import ObserverService
import Processes
import ScratchFolders
import Sockets
import Testing
import Units

/// A real Redis on a free port of this machine, with the ACL user that the observer knows.
private final class TestRedis {
    let address: Address
    private let child: ChildProcess

    static let program = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].first { (path: String) in
        access(path, X_OK) == 0
    }

    init(_ program: String, in directory: String, on reactor: Reactor) throws {
        // The kernel's choice of port, given back at once: nobody else gets the same one for a while.
        let listener = try Listener(tcp: Address(host: 0x7F00_0001, port: 0), on: reactor) { connection, _ in
            connection.close()
        }
        address = listener.address ?? Address(host: 0, port: 0)
        listener.close()
        let configuration = """
            bind 127.0.0.1
            port \(address.port)
            save ""
            notify-keyspace-events K$gx
            user gauntlet on >secret ~* &* +@all
            """
        try writeFile(Array(configuration.utf8), to: "\(directory)/redis.conf")
        let log = open("\(directory)/redis.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let command = Command(program, ["\(directory)/redis.conf"], endsWithUs: true)
        child = try ChildProcess("redis", command, output: log, on: reactor)
        close(log)
    }

    func stop() { child.signal(SIGKILL) }
}

@Suite(.enabled(if: Cable.isAllowed && TestRedis.program != nil, "needs CAP_SYS_ADMIN and redis-server"), .serialized)
struct ServiceTests {
    /// An observer over a cable and a Redis, driven on the test's own reactor.
    private final class Rig {
        let reactor: Reactor
        let cable: Cable
        let directory: String
        let redis: TestRedis
        let observer: ObserverService
        var judged: [String] = []
        var said: [String] = []

        init() throws {
            reactor = try Reactor()
            cable = try Cable()
            directory = try ScratchFolder.make("capture")
            redis = try TestRedis(TestRedis.program ?? "", in: directory, on: reactor)
            let options = ObserverOptions(
                runDirectory: directory, ingest: Address(host: 0x7F00_0001, port: 0),
                commands: .unix("\(directory)/observer.sock"),
                redis: redis.address, redisPassword: "secret", tapNamespace: cable.nearPath,
                governorAddress: "198.18.0.13",
                brokerPort: 9_878)
            var judge: (String) -> String = { _ in "pass" }
            observer = try ObserverService(options, on: reactor) { judge($0) }
            judge = { [unowned self] in
                judged.append($0)
                return "pass"
            }
            observer.say = { [unowned self] in said.append($0) }
        }

        deinit { ScratchFolder.remove(directory) }

        func wait(_ condition: () -> Bool) -> Bool {
            let turns = reactor.every(.milliseconds(5)) {}
            defer { turns.cancel() }
            return reactor.run(until: .now + .seconds(10), or: condition)
        }

        func ask(_ command: String) throws -> JSON {
            let connection = try Connection.connect(unix: "\(directory)/observer.sock", on: reactor)
            var reply: [UInt8] = []
            connection.onBytes = { reply += $0 }
            try connection.start()
            connection.send(Array("{\"id\":4,\"command\":\"\(command)\"}\n".utf8))
            #expect(wait { reply.last == 0x0A })
            return try JSON(parsing: reply.dropLast().map { $0 })
        }

        func history() throws -> [Observation] {
            try History(parsing: readFile("\(directory)/history.ndjson")).records.map(\.observation)
        }

        /// Commands of somebody else's connection.
        func command(_ lines: String...) throws {
            var connection: Connection?
            Connection.connect(to: redis.address, within: .seconds(1), on: reactor) { connection = try? $0.get() }
            #expect(wait { connection != nil })
            var replies = 0
            connection?.onBytes = { replies += $0.count { $0 == 0x0A } }
            try connection?.start()
            connection?.send(Array(lines.map { "\($0)\r\n" }.joined().utf8))
            #expect(wait { replies >= lines.count })
            connection?.close()
        }

        var isReady: Bool {
            guard let status = try? ask("status") else { return false }
            return ["tap", "redis", "monitor"].allSatisfy { status["ready"]?[$0]?.bool == true }
        }

        func end() {
            redis.stop()
            observer.stop()
        }

        func remove() {
            end()
            ScratchFolder.remove(directory)
        }
    }

    @Test func `a flag, its writer, an order and evidence of others end in one chained history that is judged once`()
        throws
    {
        let rig = try Rig()
        defer { rig.remove() }
        #expect(rig.wait { rig.isReady })
        try rig.command("SET governor.pause false", "SET governor.critical_pause false")
        let sender = EvidenceSender(
            to: rig.observer.ingestAddress ?? Address(host: 0, port: 0), name: "conductor", node: "conductor",
            on: rig.reactor)
        sender.send(Observation(.rig, "phase", at: .now, [.init("name", "warm-up")]))
        let (near, far) = try rig.cable.connect(port: 9_878)
        pump(fixOrder(1), from: near, to: far)
        #expect(rig.wait { (try? rig.ask("status"))?["orders_left"]?.integer == 1 })
        #expect(rig.wait { sender.waiting == 0 && sender.isConnected })
        try rig.command("SET governor.pause true PX 50")
        #expect(rig.wait { (try? rig.ask("status"))?["flags"]?["pause"]?.string == "absent" })
        let reply = try rig.ask("finish")
        #expect(reply["ok"]?.bool == true && reply["verdict"]?.string == "pass" && reply["id"]?.integer == 4)
        #expect(try rig.ask("finish")["verdict"]?.string == "pass")
        #expect(rig.judged == [rig.directory])
        let history = try rig.history()
        let flags = history.filter { $0.type == "flag" && $0["key"] == "pause" }.compactMap { $0["value"]?.string }
        #expect(flags.suffix(3) == ["false", "true", "absent"])
        #expect(history.filter { $0.type == "order_left" }.map { $0["cl_ord_id"] } == ["O1"])
        #expect(history.contains { $0.type == "phase" } && !history.contains { $0.type == "evidence_gap" })
        #expect(history.last { $0.type != "samples" }?.type == "stats")
        #expect(history.last { $0.type == "stats" }?["dropped"] == 0)
        let stalls = history.filter { $0.type == "stalls" }
        #expect(stalls.count == 1 && stalls[0]["threshold_ns"] == 1_000_000)
        #expect(stalls.allSatisfy { ($0["used_ns"]?.integer ?? .max) < ($0["ran_ns"]?.integer ?? 0) })
    }

    @Test func `a source whose numbers jump leaves a gap in the history`() throws {
        let rig = try Rig()
        defer { rig.remove() }
        var connection: Connection?
        let address = rig.observer.ingestAddress ?? Address(host: 0, port: 0)
        Connection.connect(to: address, within: .seconds(1), on: rig.reactor) { connection = try? $0.get() }
        #expect(rig.wait { connection != nil })
        try connection?.start()
        let lines = [0, 2].map { #"{"seq":\#($0),"t":1,"u":0,"source":"feed","type":"depth"}"# }
        connection?.send(Array(([#"{"hello":"feed","node":"feed"}"#] + lines).map { "\($0)\n" }.joined().utf8))
        #expect(rig.wait { rig.said.contains { $0.contains("evidence gap") } })
        _ = try rig.ask("finish")
        let gap = try rig.history().first { $0.type == "evidence_gap" }
        #expect(gap?["source_"] == "feed" && gap?["expected"] == "1" && gap?["found"] == "2")
    }

    @Test func `nobody else's word is taken for what the tap, Redis or the drop copy saw`() throws {
        let rig = try Rig()
        defer { rig.remove() }
        let address = rig.observer.ingestAddress ?? Address(host: 0, port: 0)
        let sender = EvidenceSender(to: address, name: "liar", node: "governor", on: rig.reactor)
        sender.send(Observation(.redis, "flag", at: .now, [.init("key", "pause"), .init("value", "false")]))
        sender.send(Observation(.chaos, "fault_healed", at: .now, [.init("fault", "f1")]))
        #expect(rig.wait { rig.said.contains { $0.contains("liar") } })
        _ = try rig.ask("finish")
        let history = try rig.history()
        #expect(!history.contains { $0.source == .redis && $0.type == "flag" && $0["value"] == "false" })
        #expect(history.contains { $0.type == "fault_healed" })
        #expect(history.first { $0.type == "evidence_gap" }?["found"] == "redis")
    }

    @Test func `stopped in the middle, it leaves a readable history that says so`() throws {
        let rig = try Rig()
        defer { rig.remove() }
        #expect(rig.wait { rig.isReady })
        rig.end()
        let history = try rig.history()
        #expect(history.contains { $0.type == "aborted" } && history.last { $0.type != "samples" }?.type == "stats")
        #expect(rig.judged.isEmpty)
    }

    @Test func `without MONITOR the stretch is written down, and the rig is not ready`() throws {
        let rig = try Rig()
        defer { rig.remove() }
        #expect(rig.wait { rig.isReady })
        rig.redis.stop()
        #expect(rig.wait { !rig.isReady })
        _ = try rig.ask("finish")
        let events = try rig.history().filter { $0.type == "monitor" }.map { $0["event"] }
        #expect(events == ["on", "off"])
    }
}
