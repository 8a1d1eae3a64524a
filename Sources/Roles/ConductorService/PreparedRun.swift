// Everything that is decided before the lab starts, written down where the lab and the judge find it.

import Archive
import Glibc
import History
import Messages
import Scenarios
import Sockets
import Tapes
import Units
import Verdicts

package struct PreparedRun {
    package let directory: RunDirectory
    package let runID: String
    package let scenario: Scenario
    package let loaded: LoadedScenario
    package let conductArguments: [String]
    package let environment: [String: String]

    package init(_ options: HostOptions) throws {
        let loaded = try LoadedScenario(
            file: options.scenario, root: options.root, topologyFile: options.topology, choice: options.choice,
            tape: options.tape)
        self.loaded = loaded
        if loaded.topology.mode == .build { _ = try LabStores(loaded.topology) }
        scenario = loaded.scenario
        let started = WallTime.now
        let root = options.runs.hasPrefix("/") ? options.runs : "\(PreparedRun.workingDirectory)/\(options.runs)"
        directory = try PreparedRun.directory(under: root, scenario.title, started, options.seed)
        guard
            loaded.topology.mode == .attach
                || !directory.path.hasPrefix("/run/") && !directory.path.hasPrefix("/dev/shm/")
        else {
            throw ConductorError(
                .usage, "--runs", "\(root) is hidden inside the lab; choose a directory outside /run and /dev/shm")
        }
        runID = "\(scenario.title)-\(options.seed)-\(getpid())-\(started.nanoseconds)"
        let paths = RunPaths(directory: directory.path)
        let plan = try PreparedRun.plan(loaded, options)
        try directory.write(loaded.scenarioBytes, to: "scenario.yaml")
        try directory.write(loaded.topologyBytes, to: "topology.yaml")
        try directory.write(loaded.limits.prettyBytes(.asBuilt), to: "limits.json")
        try directory.write(loaded.feesBytes, to: "fees.json")
        try directory.write(plan, to: "plan.ndjson")
        let facts = PreparedRun.environmentFacts(options, runID: runID, started: started, plan: plan, loaded)
        try directory.write(facts.prettyBytes(), to: "environment.json")
        environment = [
            "GAUNTLET_RUN": runID, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
        ]
        var arguments = [
            "conduct", "--run-directory", paths.directory, "--run-id", runID, "--seed", "\(options.seed)",
            "--programs", options.programs, "--root", options.root, "--backend", options.backend,
            "--started-at", "\(options.startedAt.nanoseconds)",
        ]
        for (name, path) in options.replacements.sorted(by: { $0.key < $1.key }) {
            arguments += ["--replace", "\(name)=\(path)"]
        }
        if let governor = options.governor { arguments += ["--"] + governor }
        conductArguments = arguments
    }

    /// Inodes that the lab wrote down before anything else; none when it never came so far.
    package func namespaces() -> Set<UInt64> {
        // A lab that failed before its first namespace has no such file, and nothing to look for.
        guard let bytes = try? directory.read("logs/namespaces.txt") else { return [] }
        return Set(String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { UInt64($0) })
    }

    /// Tapes are named from the project's root.
    private static func plan(_ loaded: LoadedScenario, _ options: HostOptions) throws -> [UInt8] {
        do {
            return try Plan(
                loaded.scenario, on: loaded.topology, seed: options.seed, tapes: TapeShelf(root: options.root),
                badRows: options.badRows
            ) { log in options.onSkippedRows(log) }.bytes
        } catch {
            throw ConductorError(.usage, options.scenario, "\(error)")
        }
    }

    private static var workingDirectory: String {
        guard let buffer = getcwd(nil, 0) else { return "." }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    /// Two runs of one scenario and seed in the same second: the later one waits for the next name.
    private static func directory(
        under root: String, _ scenario: String, _ started: WallTime, _ seed: UInt64
    ) throws -> RunDirectory {
        for second in 0..<60 {
            let attempt = Swift.Result<RunDirectory, ArchiveError> { () throws(ArchiveError) -> RunDirectory in
                try RunDirectory.create(
                    under: root, scenario: scenario, started: started + .seconds(second), seed: seed)
            }
            switch attempt {
            case .success(let directory): return directory
            case .failure(let error): guard error.code == EEXIST else { throw error }
            }
        }
        throw ConductorError(
            root, "sixty runs of \(scenario) with seed \(seed) started in this minute", advice: "try another --seed")
    }

    private static func environmentFacts(
        _ options: HostOptions, runID: String, started: WallTime, plan: [UInt8], _ loaded: LoadedScenario
    ) -> JSON {
        .object(
            MachineReport.kernelFacts() + [
                .init("evidence", .string(Evidence.form)),
                .init("run", .string(runID)), .init("started_wall_ns", .integer(started.nanoseconds)),
                .init("scenario", .string(loaded.scenario.name)),
                .init("variant", .optional(loaded.scenario.choice.variant)),
                .init("profile", .optional(loaded.scenario.choice.profile)),
                .init("seed", .string(String(options.seed))),
                .init("command", .array(options.commandLine.map { .string($0) })),
                .init("governor", .optional(options.governor?.joined(separator: " "))),
                .init("replaced_programs", .array(options.replacements.keys.sorted().map { .string($0) })),
                .init("backend_asked", .string(options.backend)),
                .init("scenario_sha256", .string(SHA256.hash(loaded.scenarioBytes).hexadecimal)),
                .init("plan_sha256", .string(SHA256.hash(plan).hexadecimal)),
            ])
    }
}
