import Archive
import Messages
import Scenarios

/// A scenario and its topology, read from files and checked against each other.
package struct LoadedScenario: Sendable {
    package let scenario: Scenario
    package let topology: Topology
    /// With the choice, and a tape that takes the place of the scenario's own, written at its end.
    package let scenarioBytes: [UInt8]
    package let topologyBytes: [UInt8]
    package let limits: JSON
    package let feesBytes: [UInt8]

    /// Paths inside the scenario count from `root`. Everything wrong in the files is said at once.
    package init(
        file: String, root: String, topologyFile: String? = nil, choice: Choice = Choice(), tape: TapeReference? = nil
    ) throws(ConductorError) {
        func read(_ path: String) throws(ConductorError) -> [UInt8] {
            do { return try readFile(path) } catch { throw ConductorError(.usage, path, error.description) }
        }
        let topologyPath = topologyFile ?? "\(root)/topology/local.yaml"
        let fileBytes = try read(file)
        let chosen = choice.written(into: fileBytes)
        scenarioBytes = tape?.written(into: chosen) ?? chosen
        topologyBytes = try read(topologyPath)
        do {
            let plain = try Scenario(yaml: scenarioBytes, file: file)
            let limitsBytes = try LoadedScenario.bytes("\(root)/\(plain.governor.limits)")
            feesBytes = try LoadedScenario.bytes("\(root)/\(plain.governor.fees)")
            let parsed: JSON
            do { parsed = try JSON(parsing: limitsBytes) } catch {
                throw ConductorError(.usage, "\(root)/\(plain.governor.limits)", "\(error)")
            }
            scenario = try Scenario(yaml: scenarioBytes, file: file, limits: parsed)
            let overridden = LoadedScenario.overridden(parsed, by: scenario.governor.limitOverrides)
            var own = choice
            own.changes = nil
            let before = try Scenario(yaml: own.written(into: fileBytes), file: file)
            limits = LoadedScenario.raised(overridden, by: scenario.load.changes - before.load.changes)
            topology = try Topology(yaml: topologyBytes, file: topologyPath)
        } catch let error as ConductorError { throw error } catch {
            throw ConductorError(.usage, "scenario", "\(error)")
        }
        let mistakes = scenario.mistakes(on: topology)
        guard mistakes.isEmpty else { throw ConductorError(.usage, file, mistakes.joined(separator: "\n")) }
    }

    private static func bytes(_ path: String) throws(ConductorError) -> [UInt8] {
        do { return try readFile(path) } catch { throw ConductorError(.usage, path, error.description) }
    }

    /// Limits that count messages must admit the changes that were asked for beside the file's own.
    private static func raised(_ limits: JSON, by more: Int) -> JSON {
        let counting = ["max_open_orders", "max_orders_per_second", "max_repeated_orders"]
        return .object((limits.members ?? []).map { member in
            guard counting.contains(member.key), let value = member.value.integer else { return member }
            return JSON.Member(member.key, .integer(value + Int64(more)))
        })
    }

    private static func overridden(_ limits: JSON, by overrides: [JSON.Member]) -> JSON {
        .object((limits.members ?? []).map { member in overrides.first { $0.key == member.key } ?? member })
    }
}
