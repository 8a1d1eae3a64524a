import CheckPython
import Foundation
import History
import Messages
import Testing
import Verdicts

/// Runs a program on stdin; its exit code and what it said. `nil` when it isn't there.
private func runProgram(_ arguments: [String], input: [UInt8]) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    let input_ = Pipe()
    let output = Pipe()
    process.standardInput = input_
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = Data(input)
    Thread.detachNewThread {
        input_.fileHandleForWriting.write(data)
        // The reader may be gone already; then there is nothing to close.
        try? input_.fileHandleForWriting.close()
    }
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: said, as: UTF8.self))
}

private let validator = """
    import json, sys, jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = sys.stdin.read()
    for part in (text.splitlines() if sys.argv[2] == 'lines' else [text]):
        for error in validator.iter_errors(json.loads(part)):
            sys.exit(f'{list(error.path)}: {error.message[:300]}')
    """

@Suite struct WrittenFormTests {
    private func complaint(_ schema: String, _ form: String, _ bytes: [UInt8]) throws -> String? {
        let path = "\(try repositoryRoot())/docs/schemas/\(schema).schema.json"
        let result = try runProgram([CheckPython.path ?? "python3", "-c", validator, path, form], input: bytes)
        return result.code == 0 ? nil : result.output
    }

    /// Whoever changes a column, a stream or a type that the judge reads gives the form a new number, and then this test
    /// the new sum; else runs of before would be judged as if they had gaps.
    @Test func `the verdict says how long the slowest announcement of a leak took, and nothing when one doesn't say`() throws {
        var story = try Story.hardKill()
        #expect(try story.judged().measurements["leak_announcement_s"] == .null)
        func alarm(_ left: Double, saidAt: Double?) {
            let said = saidAt.map { JSON.integer(Story.instant($0).nanoseconds) }
            story.see(left, .rig, "invariant", [("name", "leak")] + (said.map { [("announced_t", $0)] } ?? []))
        }
        alarm(12, saidAt: 12.04)
        alarm(12.5, saidAt: 12.75)
        let measurements = try story.judged().measurements
        #expect(measurements["leak_announcement_s"] == .real(0.25) && measurements["leaks_announced"] == 2)
        alarm(13, saidAt: nil)
        #expect(try story.judged().measurements["leak_announcement_s"] == .null)
    }

    @Test func `the columns of the sample files belong to the form of the evidence`() {
        let heads = SampleStream.allCases.map { "\($0.file) \(String(decoding: $0.header, as: UTF8.self))" }.joined()
        let sum = heads.utf8.reduce(UInt64(5_381)) { $0 &* 33 &+ UInt64($1) }
        #expect(Evidence.form == "gauntlet.evidence/3")
        #expect(sum == 11_270_484_482_522_607_653, "\(heads)")
    }

    @Test(.enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
    func `every verdict follows its schema: good, failing, empty`() throws {
        var failing = try Story.hardKill()
        failing.left(25, "leak")
        var empty = try Story.hardKill()
        empty.observations = []
        for story in [try Story.hardKill(), failing, empty, try Story.silentBroker()] {
            #expect(try complaint("verdict", "whole", try story.judged().bytes) == nil)
        }
    }

    @Test(.enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
    func `the schema refuses a verdict with an unknown word`() throws {
        let text = String(decoding: try Story.hardKill().judged().bytes, as: UTF8.self)
        let wrong = text.replacingOccurrences(of: "\"verdict\": \"pass\"", with: "\"verdict\": \"green\"")
        #expect(try complaint("verdict", "whole", Array(wrong.utf8)) != nil)
    }

    @Test(.enabled(if: CheckPython.path != nil, Comment(rawValue: CheckPython.whyNot)))
    func `every line of a history follows its schema`() throws {
        #expect(try complaint("history-line", "lines", try Story.hardKill().bytes()) == nil)
        #expect(try complaint("history-line", "lines", Array("{\"i\":0}".utf8)) != nil)
    }

    @Test func `JUnit has a testcase for each gate, failure for fail, error for inconclusive, nothing skipped`() throws {
        var story = try Story.hardKill()
        story.left(25, "a<b>&\"\u{1}")
        story.remove("leftovers")
        let verdict = try story.judged()
        let xml = String(decoding: verdict.junit, as: UTF8.self)
        #expect(xml.components(separatedBy: "<testcase ").count - 1 == verdict.gates.count)
        #expect(xml.components(separatedBy: "<failure ").count - 1 == verdict.gates.count { $0.outcome == .fail })
        #expect(xml.components(separatedBy: "<error ").count - 1 == verdict.gates.count { $0.outcome == .inconclusive })
        #expect(!xml.contains("<skipped"))
        let parse = "import sys, xml.etree.ElementTree as e; e.fromstring(sys.stdin.buffer.read())"
        #expect(try runProgram(["python3", "-c", parse], input: verdict.junit).code == 0)
    }

    @Test func `the summary says the verdict in words, shows each gate, each fault and the seal`() throws {
        var story = try Story.hardKill()
        story.left(25, "leak")
        let verdict = try story.judged()
        let text = String(decoding: verdict.summary(seal: "abc"), as: UTF8.self)
        #expect(text.hasPrefix("# hard_kill_governance: FAIL"))
        for gate in verdict.gates { #expect(text.contains("| \(gate.name.rawValue) | \(gate.outcome.rawValue) |")) }
        for fault in verdict.faults { #expect(text.contains("| \(fault.id) |")) }
        #expect(text.contains("`abc`"))
        #expect(verdict.words.split(separator: "\n").contains { $0.contains("orders_leaked ") && $0.contains(" fail: ") })
        #expect(verdict.exitCode == 1)
    }
}
