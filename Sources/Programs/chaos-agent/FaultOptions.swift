import Archive
import ArgumentParser
import ChaosAgentCore
import ChaosAgentService
import Commands
import Messages
import Processes
import Units

/// What is to be injected: a kind with its dose, or a preset.
struct FaultOptions: ParsableArguments {
    @Argument(
        help: "\(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(FaultKind.allCases.map(\.rawValue)))
    var kind: String?
    @Option(
        help: "A bundle of doses in place of a kind: a file of chaos/presets/, by its name.",
        completion: .list(PresetShelf.names))
    var preset: String?
    @Option(help: "Name of the fault; a preset's are NAME-KIND.") var id = "by-hand"
    @Option(help: "Senders whose packets are concerned, comma-separated: IPv4 addresses, or nodes that the agent knows.")
    var from: String?
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
    /// - Parameters:
    ///   - senders: their addresses.
    ///   - suffix: tells the rounds of a schedule apart: `-2`.
    func faults(from senders: [String], suffix: String = "") throws -> [JSON] {
        let requests: [JSON]
        if let preset {
            let lasting = try lasts
            requests = try PresetShelf.preset(preset).faults.map { fault in
                let id = "\(id)\(suffix)-\(fault["kind"]?.string ?? "")"
                return Preset.request(fault, id: id, from: senders, lasting: lasting)
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

    /// Of the senders; what a node is called, the agent knows.
    func senders(_ session: CommandSession) throws -> [String] {
        let names = (from ?? "").split(separator: ",").map(String.init)
        guard names.contains(where: { address(dotted: $0) == nil }) else { return names }
        let known = try session.ask(AgentCommands.Word.nodes.rawValue)["nodes"]
        return try names.map { name in
            if address(dotted: name) != nil { return name }
            if let address = known?[name]?.string { return address }
            try misspelt("--from: unknown node", name, among: (known?.members ?? []).map(\.key))
        }
    }
}

private func misspelt(_ what: String, _ word: String, among legal: [String]) throws -> Never {
    let near = closest(to: word, among: legal).map { "Did you mean '\($0)'?" }
    complain("\(what) '\(word)'. \(near ?? "There are: \(legal.isEmpty ? "none" : legal.joined(separator: ", "))")")
    throw Exit.usage
}

/// The presets under `chaos/presets/`.
enum PresetShelf {
    private static var directory: String { "\(Programs.projectRoot ?? ".")/chaos/presets" }

    static let names: [String] = Programs.entries(of: directory).filter { $0.hasSuffix(".json") }.map {
        String($0.dropLast(5))
    }

    static func preset(_ name: String) throws -> Preset {
        guard names.contains(name) else { try misspelt("unknown preset", name, among: names) }
        let path = "\(directory)/\(name).json"
        do { return try Preset(json: try readFile(path), file: path) } catch {
            complain("\(error)")
            throw Exit.usage
        }
    }
}
