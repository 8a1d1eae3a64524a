import Archive
import ArgumentParser
import ChaosAgentCore
import Messages
import Processes
import Scenarios
import Units

/// What is to be injected: a kind with its dose, or a preset.
struct FaultOptions: ParsableArguments {
    @Argument(
        help: "\(ChaosAgentCore.FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(ChaosAgentCore.FaultKind.allCases.map(\.rawValue)))
    var kind: String?
    @Option(
        help: "A bundle of doses in place of a kind: a file of chaos/presets/, by its name.",
        completion: .list(PresetShelf.names))
    var preset: String?
    @Option(help: "Name of the fault; a preset's are NAME-KIND.") var id = "by-hand"
    @Option(help: "Senders whose packets are concerned, comma-separated: IPv4 addresses or nodes of the topology.")
    var from: String?
    @Option(help: "Topology file that knows the nodes' addresses. Default: topology/local.yaml.") var topology: String?
    @Option(name: .customLong("for"), help: "How long: 15s, 500ms; at most 10m.") var duration = "10s"
    @Option(help: "One-way delay: 250ms.") var delay = "0ms"
    @Option(help: "Added delay, uniform from zero: 10ms. Our queues keep the order, netem doesn't.") var jitter = "0ms"
    @Option(help: "Loss in percent, at most four decimals.") var loss = "0"
    @Option(help: "Duplicate, corrupt, reorder: of the packets, in percent, at most four decimals.") var percent = "0"
    @Option(help: "Rate: bits a second, 256000 to 100000000.") var bitsPerSecond: Int64 = 0
    @Option(help: "Local TCP port of the sockets.") var port: Int64?
    @Option(help: "What new connections meet in a disconnect: silent or refuse.", completion: .list(["silent", "refuse"]))
    var mode = "silent"
    @Option(help: "Process, for kill, pause and restart.") var pid: Int64?

    func validate() throws {
        guard (kind == nil) != (preset == nil) else { throw ValidationError("give either a kind or --preset NAME") }
        let doses = delay != "0ms" || jitter != "0ms" || loss != "0" || percent != "0" || bitsPerSecond != 0
        guard preset == nil || !doses else { throw ValidationError("a preset has its own doses") }
    }

    var lasts: Duration { get throws { try time(duration) } }

    /// The faults to ask for, each checked before any is sent.
    /// - Parameter suffix: tells the rounds of a schedule apart: `-2`.
    func faults(suffix: String = "") throws -> [JSON] {
        let senders = try addresses()
        let requests: [JSON]
        if let preset {
            requests = try PresetShelf.preset(preset).doses.map { dose in
                request(
                    "\(id)\(suffix)-\(dose.kind.rawValue)", dose.kind.rawValue, senders, duration: try lasts,
                    delay: dose.delay, jitter: dose.jitter, loss: dose.kind == .loss ? dose.percent.units : 0,
                    share: dose.kind == .loss ? 0 : dose.percent.units, bits: dose.bitsPerSecond)
            }
        } else {
            requests = [
                request(
                    id + suffix, kind ?? "", senders, duration: try lasts, delay: try time(delay), jitter: try time(jitter),
                    loss: try millionths("--loss", loss), share: try millionths("--percent", percent), bits: bitsPerSecond)
            ]
        }
        for request in requests {
            do { _ = try FaultRequest(json: request) } catch {
                complain("\(error)")
                throw Exit.usage
            }
        }
        return requests
    }

    private func request(
        _ id: String, _ kind: String, _ senders: [String], duration: Duration, delay: Duration, jitter: Duration,
        loss: Int64, share: Int64, bits: Int64
    ) -> JSON {
        [
            "id": .string(id), "kind": .string(kind), "mode": .string(mode), "from": .array(senders.map { .string($0) }),
            "duration_ns": .integer(duration.nanoseconds), "delay_ns": .integer(delay.nanoseconds),
            "jitter_ns": .integer(jitter.nanoseconds), "loss_ppm": .integer(loss), "share_ppm": .integer(share),
            "bits_per_second": .integer(bits), "port": .optional(port), "pid": .optional(pid), "by": "operator",
        ]
    }

    private func time(_ text: String) throws -> Duration {
        if let value = Duration(written: text) { return value }
        complain("'\(text)': expected a duration with its unit, such as 250ms or 15s")
        throw Exit.usage
    }

    /// A percent in ten-thousandths is a part in a million.
    private func millionths(_ option: String, _ text: String) throws -> Int64 {
        if let share = Price(decimal: text) { return share.units }
        complain("\(option) '\(text)': expected a percentage such as 2.5")
        throw Exit.usage
    }

    private func addresses() throws -> [String] {
        let names = (from ?? "").split(separator: ",").map(String.init)
        guard names.contains(where: { address(dotted: $0) == nil }) else { return names }
        let path = topology ?? "\(Programs.projectRoot ?? ".")/topology/local.yaml"
        let known: Topology
        do { known = try Topology(yaml: try readFile(path), file: path) } catch {
            complain("--from: names need a topology: \(error)")
            throw Exit.usage
        }
        return try names.map { name in
            if address(dotted: name) != nil { return name }
            if let market = known.node(name)?.market { return market }
            let nodes = known.faultable.map(\.name)
            complain("--from: unknown node '\(name)'. \(suggestion(for: name, among: nodes))")
            throw Exit.usage
        }
    }
}

/// The presets under `chaos/presets/`.
enum PresetShelf {
    private static var directory: String { "\(Programs.projectRoot ?? ".")/chaos/presets" }

    static var names: [String] {
        Programs.entries(of: directory).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    }

    static func preset(_ name: String) throws -> Preset {
        guard names.contains(name) else {
            complain("unknown preset '\(name)'. \(suggestion(for: name, among: names))")
            throw Exit.usage
        }
        let path = "\(directory)/\(name).yaml"
        do { return try Preset(yaml: try readFile(path), file: path) } catch {
            complain("\(error)")
            throw Exit.usage
        }
    }
}
