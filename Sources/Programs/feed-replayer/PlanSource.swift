import Archive
import ArgumentParser
import Glibc
import Scenarios
import Tapes

/// Where the plan comes from: a file, or a scenario and a seed.
struct PlanSource: ParsableArguments {
    @Option(help: "A plan file, as 'feed-replayer plan' writes it.")
    var plan: String?

    @Option(help: "A scenario file; needs --seed.")
    var scenario: String?

    @Option(help: "Seed of the plan.")
    var seed: UInt64?

    @Option(help: "The topology file that a scenario's faults are resolved with, from --root.")
    var topology = "topology/local.yaml"

    @Option(
        help: "A recorded book in place of the first symbol's tape: lobster:MESSAGE,BOOK or mbp10:FILE.",
        transform: TapeReference.parsing)
    var tape: TapeReference?

    @Option(help: "Directory that paths inside scenarios start from.")
    var root = "."

    @Flag(help: "Leave out tape rows that can't be read, and say how many, instead of refusing the tape.")
    var skipBad = false

    func load() throws(Failure) -> Plan {
        switch (plan, scenario) {
        case (let file?, nil):
            let bytes = try PlanSource.read(file)
            do { return try Plan(parsing: bytes, file: file) } catch { throw .usage(error.description) }
        case (nil, let file?):
            guard let seed else { throw .usage("--scenario needs --seed NUMBER") }
            return try make(file, seed)
        default:
            throw .usage("expected one of --plan FILE and --scenario FILE --seed NUMBER")
        }
    }

    private func make(_ file: String, _ seed: UInt64) throws(Failure) -> Plan {
        let ownBytes = try PlanSource.read(file)
        let scenarioBytes = tape?.written(into: ownBytes) ?? ownBytes
        let topologyBytes = try PlanSource.read("\(root)/\(topology)")
        do {
            let scenario = try Scenario(yaml: scenarioBytes, file: file)
            let topology = try Topology(yaml: topologyBytes, file: topology)
            return try Plan(
                scenario, on: topology, seed: seed, tapes: TapeShelf(root: root), badRows: skipBad ? .skip : .refuse
            ) { log in complain("left out \(log.count) rows:\n\(Mistakes(log.shown))") }
        } catch {
            throw .usage("\(error)")
        }
    }

    static func read(_ path: String) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .usage("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .usage("\(path): \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}

extension TapeReference {
    /// For an option of the command line.
    static func parsing(_ text: String) throws -> TapeReference {
        guard let tape = TapeReference(written: text) else {
            throw ValidationError("--tape: expected \(TapeReference.expected), found '\(text)'")
        }
        return tape
    }
}
