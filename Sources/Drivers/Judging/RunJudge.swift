// From a run directory to its verdict and back: reads the evidence, has it judged, writes and seals the verdict,
// and says later whether a sealed byte has changed.

import Archive
import CLinux
import History
import Messages
import Scenarios
import Verdicts

package enum RunJudge {
    /// Derived from the evidence and written by the judge: everything else in the directory is evidence.
    package static let derived = ["verdict.json", "junit.xml", "summary.md"]
    /// Written by others once the verdict exists; sealed by nobody, because anybody can make it again.
    package static let unsealed = ["report.html"]
    /// SHA-256 of what the judge wrote, as `sha256sum -c` reads it. The first line is the seal of the run.
    package static let sealFile = "seal.sha256"

    private static let largeAllocation: Int32 = 1 << 20

    package struct Again: Sendable {
        package let verdict: Verdict
        /// What differs from the sealed verdict, in words; empty when the same bytes came out.
        package let differences: [String]
    }

    /// Everything the judge needs. Throws only when there is no scenario to judge by; other damage becomes a defect.
    package static func evidence(_ directory: RunDirectory) throws(ArchiveError) -> Evidence {
        // An array of a flood grows through tens of megabytes: what it leaves behind goes back to the kernel at once.
        // Left to itself, the allocator keeps pieces of that size once it has seen one.
        _ = mallopt(M_MMAP_THRESHOLD, largeAllocation)
        let paths = try evidencePaths(directory)
        // Hashing takes a fifth of the time, and it needs nothing of what is read.
        let hashed = try directory.files(paths) { () throws(ArchiveError) -> Evidence in
            try read(directory, Set(paths))
        }
        var evidence = hashed.made
        evidence.files = sealed(hashed.files)
        return evidence
    }

    /// All but the hashes of the files.
    private static func read(_ directory: RunDirectory, _ present: Set<String>) throws(ArchiveError) -> Evidence {
        var defects: [String] = []
        let environment = present.contains("environment.json") ? try environment(directory, &defects) : .null
        let yaml = try directory.read("scenario.yaml")
        let scenario: Scenario
        do {
            scenario = try Scenario(yaml: yaml, file: scenarioName(yaml))
        } catch {
            throw ArchiveError("\(directory.path)/scenario.yaml", "read", "\(error)")
        }
        var reader = HistoryReader()
        var timeline = Timeline()
        if present.contains("history.ndjson") {
            try eachChunk(of: "\(directory.path)/history.ndjson") { chunk in
                reader.read(chunk) { timeline.read($0) }
            }
        }
        if let broken = reader.failure { defects.append("the chain of the history is broken: \(broken)") }
        for stream in SampleStream.allCases where present.contains(stream.file) {
            try eachChunk(of: "\(directory.path)/\(stream.file)") { timeline.read($0, of: stream) }
        }
        timeline.sort()
        var evidence = Evidence(
            scenario: scenario, history: reader.facts, timeline: timeline, environment: environment, files: [],
            defects: defects)
        try attach(directory, present, to: &evidence)
        return evidence
    }

    /// What was run, where and how; the first file of a run, so it says in which form the others are.
    private static func environment(
        _ directory: RunDirectory, _ defects: inout [String]
    ) throws(ArchiveError) -> JSON {
        let environment: JSON
        do {
            environment = try JSON(parsing: try directory.read("environment.json"))
        } catch let error as JSONError {
            defects.append("environment.json: \(error)")
            return .null
        } catch {
            defects.append("environment.json can't be read")
            return .null
        }
        let form = environment["evidence"]?.string
        guard form == Evidence.form else {
            throw ArchiveError(
                directory.path, "judge",
                "expected evidence in the form \(Evidence.form), found \(form ?? "one from before forms had names"); "
                    + "judge it with the version of gauntlet that recorded it. What that version judged still holds: "
                    + "`sha256sum -c \(sealFile)` in the directory says whether it is unchanged")
        }
        return environment
    }

    package static func judge(_ directory: RunDirectory) throws(ArchiveError) -> Verdict {
        Verdicts.judge(try evidence(directory))
    }

    package static func judgeAndWrite(_ directory: RunDirectory) throws(ArchiveError) -> Verdict {
        let verdict = try judge(directory)
        try write(verdict, to: directory)
        return verdict
    }

    /// `verdict.json`, `junit.xml`, `summary.md`, then the seal: last, because it says that the others are whole.
    package static func write(_ verdict: Verdict, to directory: RunDirectory) throws(ArchiveError) {
        for (name, bytes) in rendered(verdict) { try directory.write(bytes, to: name) }
    }

    package static func seal(of verdict: Verdict) -> String { sealText(verdict.bytes) }

    /// SHA-256 of a file that is sealed.
    package static func sealText(_ bytes: [UInt8]) -> String { SHA256.hash(bytes).hexadecimal }

    /// Judges again, and compares every byte that was sealed.
    package static func judgeAgain(_ directory: RunDirectory) throws(ArchiveError) -> Again {
        let evidence = try evidence(directory)
        let verdict = Verdicts.judge(evidence)
        // What was judged is what is compared: a second look would hash everything again, and might see other bytes.
        var differences = try differences(from: evidence.files, in: directory)
        if directory.exists("verdict.json"), differences.isEmpty {
            for (name, bytes) in rendered(verdict) where try directory.read(name) != bytes {
                differences.append("\(name): the evidence gives other bytes; was it judged by another version?")
            }
        }
        return Again(verdict: verdict, differences: differences)
    }

    /// Every sealed byte that was changed, removed or added, in words. Says nothing of who did it: a forger who
    /// seals again is found out only by comparing with a seal that was kept elsewhere.
    package static func verify(_ directory: RunDirectory) throws(ArchiveError) -> [String] {
        try differences(from: sealed(directory.files(evidencePaths(directory))), in: directory)
    }

    /// - Parameter found: the evidence as it is now.
    private static func differences(
        from found: [Evidence.File], in directory: RunDirectory
    ) throws(ArchiveError) -> [String] {
        guard directory.exists("verdict.json") else { return ["verdict.json is missing: this run was never judged"] }
        let bytes = try directory.read("verdict.json")
        var differences: [String] = []
        differences += try sealDifferences(directory)
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { return differences + ["verdict.json is no JSON: \(error)"] }
        guard let rows = json["evidence"]?["files"]?.array else { return differences + ["verdict.json names no files"] }
        var actual: [String: Evidence.File] = [:]
        for file in found { actual[file.path] = file }
        for row in rows {
            let path = row["path"]?.string ?? "?"
            guard let file = actual.removeValue(forKey: path) else {
                differences.append("\(path) was removed")
                continue
            }
            if file.bytes != row["bytes"]?.integer {
                differences.append("\(path) has \(file.bytes) bytes, sealed were \(row["bytes"]?.text() ?? "unknown")")
            } else if file.sha256 != row["sha256"]?.string {
                differences.append("\(path) was changed")
            }
        }
        return differences + actual.keys.sorted().map { "\($0) was added" }
    }

    private static func sealDifferences(_ directory: RunDirectory) throws(ArchiveError) -> [String] {
        guard directory.exists(sealFile) else { return ["\(sealFile) is missing"] }
        var differences: [String] = []
        var lines: [String] = []
        for name in derived {
            guard directory.exists(name) else {
                differences.append("\(name) is missing")
                continue
            }
            lines.append(sealLine(name, try directory.read(name)))
        }
        guard differences.isEmpty else { return differences }
        let sealed = String(decoding: try directory.read(sealFile), as: UTF8.self)
        guard sealed != lines.joined() else { return [] }
        let changed = zip(derived, lines).filter { !sealed.contains($0.1) }.map { "\($0.0) does not have the sealed hash" }
        return changed.isEmpty ? ["\(sealFile) was changed"] : changed
    }

    private static func rendered(_ verdict: Verdict) -> [(String, [UInt8])] {
        let bytes = verdict.bytes
        let seal = SHA256.hash(bytes).hexadecimal
        let files = [("verdict.json", bytes), ("junit.xml", verdict.junit), ("summary.md", verdict.summary(seal: seal))]
        let lines = files.map { sealLine($0.0, $0.1) }
        return files + [(sealFile, Array(lines.joined().utf8))]
    }

    private static func sealLine(_ name: String, _ bytes: [UInt8]) -> String { "\(SHA256.hash(bytes).hexadecimal)  \(name)\n" }

    private static func evidencePaths(_ directory: RunDirectory) throws(ArchiveError) -> [String] {
        let outside = Set(derived + unsealed + [sealFile])
        return try directory.paths().filter { !outside.contains($0) }
    }

    private static func sealed(_ files: [RunDirectory.File]) -> [Evidence.File] {
        files.map { Evidence.File(path: $0.path, bytes: $0.bytes, sha256: $0.sha256) }
    }

    /// A scenario must bear its file's name, and a run keeps it as `scenario.yaml`: its own word is taken instead.
    private static func scenarioName(_ yaml: [UInt8]) -> String {
        for line in String(decoding: yaml, as: UTF8.self).split(separator: "\n") where line.hasPrefix("name:") {
            let name = line.dropFirst("name:".count).prefix { $0 != "#" }
            return "\(name.filter { $0 != " " && $0 != "\"" && $0 != "'" && $0 != "\r" }).yaml"
        }
        return "scenario.yaml"
    }
}
