import Glibc
import Messages

import Scenarios

/// Files of this project, for tests that judge what is shipped.
enum ProjectFiles {
    /// Found from this file's real place, whichever way the compiler came to it.
    static let root: String = {
        guard let real = realpath(#filePath, nil) else { return "." }
        defer { free(real) }
        return String(cString: real).split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
    }()

    struct Missing: Error { let path: String }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path.hasPrefix("/") ? path : "\(root)/\(path)", "r") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func names(in directory: String, ending: String) -> [String] {
        guard let stream = opendir("\(root)/\(directory)") else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(ending) { names.append("\(directory)/\(name)") }
        }
        return names.sorted()
    }

    static let scenarios = names(in: "chaos", ending: ".yaml").filter { !isSuite($0) }
    static let suites = names(in: "chaos", ending: ".yaml").filter(isSuite)
    /// Those with faults, and those whose intents keep the cycle of the governance drills.
    static let faultDrills = scenarios.filter { (try? scenario($0))?.faults.isEmpty == false }
    static let cycleDrills = scenarios.filter { (try? scenario($0))?.load.strategy == .cycle }

    private static func isSuite(_ file: String) -> Bool {
        // One that can't be read is a scenario, whose own test then fails.
        (try? bytes(file)).map(CertificationSuite.isSuite) ?? false
    }
    static let topologies = names(in: "topology", ending: ".yaml")

    static func scenario(_ file: String, limits: String? = nil) throws -> Scenario {
        let limits = try limits.map { try JSON(parsing: bytes($0)) }
        return try Scenario(yaml: bytes(file), file: file, limits: limits)
    }

    static func topology(_ file: String = "topology/local.yaml") throws -> Topology {
        try Topology(yaml: bytes(file), file: file)
    }

    /// The project's own tapes.
    static var tapes: TapeShelf {
        TapeShelf { (file) throws(Mistakes) in
            // A tape that isn't there is for the plan to complain about.
            (try? bytes(file)).map { TapeSource(file: file, bytes: $0) }
        }
    }

    /// Half a million intents show no more than its self-test does.
    static func short(_ file: String) throws -> Scenario {
        let whole = try scenario(file)
        guard whole.load.strategy == .flood else { return whole }
        let limits = try JSON(parsing: bytes("data/limits-default.json"))
        return try Scenario(yaml: Choice(profile: "selftest").written(into: bytes(file)), file: file, limits: limits)
    }

    static func plan(_ file: String, seed: UInt64) throws -> Plan { try plan(short(file), seed: seed) }

    static func plan(_ scenario: Scenario, seed: UInt64) throws -> Plan {
        try Plan(scenario, on: topology(), seed: seed, tapes: tapes)
    }
}
