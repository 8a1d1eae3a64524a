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

    static let scenarios = names(in: "chaos", ending: ".yaml")
    /// Those with faults, and those whose intents keep the cycle of the governance drills.
    static let faultDrills = scenarios.filter { (try? scenario($0))?.faults.isEmpty == false }
    static let cycleDrills = scenarios.filter { (try? scenario($0))?.load.strategy == .cycle }
    static let topologies = names(in: "topology", ending: ".yaml")

    static func scenario(_ file: String, limits: String? = nil) throws -> Scenario {
        let limits = try limits.map { try JSON(parsing: bytes($0)) }
        return try Scenario(yaml: bytes(file), file: file, limits: limits)
    }

    static func topology(_ file: String = "topology/local.yaml") throws -> Topology {
        try Topology(yaml: bytes(file), file: file)
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
        var tapes: [String: [UInt8]] = [:]
        for tape in Plan.tapeFiles(of: scenario) { tapes[tape] = try bytes(tape) }
        return try Plan(scenario, on: topology(), seed: seed, tapes: tapes)
    }
}
