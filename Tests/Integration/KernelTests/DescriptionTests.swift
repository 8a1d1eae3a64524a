import ChaosAgentCore
import ChaosAgentService
import Commands
import Glibc
import Messages
import Processes
import Sockets
import Testing
import Units

/// `docs/chaos-agent.md` says what an agent answers. Here it is asked.
@Suite(.serialized, .enabled(if: Rig.isAvailable, Rig.reason))
struct DescriptionTests {
    private let text: String

    init() throws {
        let here = try #require(realpath(#filePath, nil))
        defer { free(here) }
        let root = String(cString: here).split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        text = String(decoding: ProcessTable.contents("\(root)/docs/chaos-agent.md"), as: UTF8.self)
    }

    /// Request and described answer, in the order of the page.
    private var exchanges: [(request: String, answer: String)] {
        let lines = text.split(separator: "\n").map(String.init)
        return zip(lines, lines.dropFirst()).filter { $0.hasPrefix("→ ") && $1.hasPrefix("← ") }
            .map { (String($0.dropFirst(2)), String($1.dropFirst(2))) }
    }

    /// What differs; empty when the answer is as described.
    private func differences(_ found: JSON, _ described: JSON, at path: String = "answer") -> [String] {
        if case .object(let members) = described {
            let keys = members.map(\.key)
            let present = (found.members ?? []).map(\.key)
            guard keys == present else { return ["\(path): described \(keys), found \(present)"] }
            return members.flatMap { differences(found[$0.key] ?? .null, $0.value, at: "\(path).\($0.key)") }
        }
        let isRight =
            switch described.string {
            case "any": true
            case "string": found.string != nil
            case "integer": found.integer != nil
            case "array": found.array != nil
            case "object": found.members != nil
            case let text? where text.hasPrefix("~"): found.string?.contains(text.dropFirst()) == true
            default: found == described
            }
        return isRight ? [] : ["\(path): described \(described.text()), found \(found.text())"]
    }

    @Test func `every request of the description is answered as described`() throws {
        let nodes = try TwoNodes()
        let agent = try RunningAgent(nodes.governor)
        #expect(exchanges.count >= 17)
        for exchange in exchanges {
            let client = try RawClient(unix: agent.socketPath)
            client.send(exchange.request)
            let answer = try client.lines(1).first.map { try JSON(parsing: $0) } ?? .null
            #expect(differences(answer, try JSON(parsing: exchange.answer)) == [], "\(exchange.request)")
        }
    }

    @Test func `an answer that lacks a member, has one more or is of another type differs`() throws {
        let described = try JSON(parsing: #"{"ok":true,"n":"integer","error":"~mean"}"#)
        #expect(differences(["ok": true, "n": 1, "error": "Did you mean it?"], described).isEmpty)
        for wrong: JSON in [
            ["ok": true, "n": 1], ["ok": true, "n": "1", "error": "mean"], ["ok": false, "n": 1, "error": "mean"],
            ["ok": true, "n": 1, "error": "other"], ["ok": true, "n": 1, "error": "mean", "more": 1],
        ] { #expect(!differences(wrong, described).isEmpty, "\(wrong.text())") }
    }

    /// The names in the first column of a table's rows, by the heading above it.
    private func column(_ number: Int, under heading: String) -> [String] {
        let section = text.split(separator: "\n").drop { !$0.hasPrefix(heading) }.dropFirst().prefix { !$0.hasPrefix("##") }
        return section.filter { $0.hasPrefix("| ") }.dropFirst().flatMap { row in
            let cells = row.split(separator: "|")
            return cells[number].split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        }
    }

    @Test func `the description has every command, every member and every state, and no other`() {
        #expect(column(0, under: "### Commands") == AgentCommands.Word.allCases.map(\.rawValue))
        #expect(column(1, under: "### Commands") == AgentCommands.Word.allCases.flatMap(\.members))
        #expect(Set(column(0, under: "### A fault")) == Set(FaultRequest.keys))
        let states = text.split(separator: "\n").first { $0.hasPrefix("States: ") }?.split(separator: ".").first ?? ""
        let named = states.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
        #expect(named == FaultLife.State.allCases.map(\.rawValue))
    }

    @Test func `the limits of the description are those that are kept`() {
        let limits = CommandServer.Limits()
        for row in [
            "| clients at once | \(limits.clients) |", "| TCP clients without a token yet | \(limits.strangers) |",
            "| time for the token, seconds | \(limits.hello.nanoseconds / 1_000_000_000) |",
            "| bytes a line | \(limits.lineBytes) |",
            "| requests at once, then a second | \(limits.requestsBurst), \(limits.requestsPerSecond) |",
            "| bytes of answers that a client leaves unread | \(limits.waitingBytes) |",
            "| faults in force at once | \(AgentCore.faultsMaximum) |",
            "| longest fault, seconds | \(FaultRequest.durationMaximum.nanoseconds / 1_000_000_000) |",
        ] { #expect(text.contains(row), "\(row)") }
        #expect(text.contains("at most \(AuditLog.bytesMaximum >> 20) MiB"))
    }
}
