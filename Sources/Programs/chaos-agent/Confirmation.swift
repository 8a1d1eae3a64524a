// Whether faults that an agent took did bite: what was measured, laid beside what was asked for.

import ChaosAgentCore
import ChaosAgentService
import Commands
import Messages
import Sockets
import Units

struct Confirmation {
    /// Fewer probes than these say little about a dose.
    private static let probesMinimum: Int64 = 10
    private static let interval = Duration.milliseconds(50)

    let faults: [JSON]

    /// Asks the agent again and again until every fault is confirmed, or over, or the time is up, or Ctrl-C.
    static func wait(for ids: [String], within limit: Duration, _ session: CommandSession) throws -> Confirmation {
        let deadline = Instant.now + limit
        while true {
            let all = try session.ask(AgentCommands.Word.list.rawValue)["faults"]?.array ?? []
            let found = Confirmation(faults: all.filter { ids.contains($0["id"]?.string ?? "") })
            let isSettled = found.faults.allSatisfy { isConfirmed($0) || isOver($0) }
            if isSettled || Instant.now >= deadline || session.isInterrupted { return found }
            session.wait(until: min(deadline, Instant.now + interval))
        }
    }

    static func isOver(_ fault: JSON) -> Bool { ["healed", "failed"].contains(fault["state"]?.string ?? "") }

    static func isConfirmed(_ fault: JSON) -> Bool {
        let kind = FaultKind(rawValue: fault["kind"]?.string ?? "")
        // What cuts packets off is shown by those that don't come, not by probes that do.
        let needsProbes = kind?.isDosed == true && kind != .loss && !isOver(fault)
        let measured = fault["measured"]?.array ?? []
        return fault["not_yet"]?.array == [] && (!needsProbes || measured.allSatisfy { hasEnough($0) })
    }

    private static func hasEnough(_ measured: JSON) -> Bool {
        (measured["n"]?.integer ?? 0) >= probesMinimum || (measured["trains"]?.integer ?? 0) > 1
    }

    /// 0 confirmed; 1 in force, enough probes, another dose; 2 not seen.
    var exitCode: Int32 { faults.map { Confirmation.code($0) }.max() ?? Exit.inconclusive.rawValue }

    private static func code(_ fault: JSON) -> Int32 {
        if isConfirmed(fault) { return 0 }
        if fault["state"]?.string == "failed" { return Exit.failed.rawValue }
        let measured = fault["measured"]?.array ?? []
        let bit = fault["first_effect_ns"]?.integer != nil && !measured.isEmpty && measured.allSatisfy { hasEnough($0) }
        return bit ? 1 : Exit.inconclusive.rawValue
    }

    var json: JSON {
        ["confirmed": .bool(faults.allSatisfy { Confirmation.isConfirmed($0) }), "faults": .array(faults)]
    }

    var words: String { faults.map { Confirmation.words($0) }.joined(separator: "\n") }

    private static func words(_ fault: JSON) -> String {
        let head = isConfirmed(fault) ? "in force" : "not confirmed: \(texts(fault["not_yet"]).joined(separator: "; "))"
        var lines = ["\(fault["id"]?.string ?? "?"): \(head)", "  asked for: \(FaultWords.asked(fault))"]
        lines += (fault["measured"]?.array ?? []).map { "  measured:  \(FaultWords.measured($0))" }
        lines.append("  hit:       \(FaultWords.hits(fault))")
        if let failure = fault["failure"]?.string { lines.append("  failed:    \(failure)") }
        return lines.joined(separator: "\n")
    }

    private static func texts(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap(\.string) }
}

/// A fault of an agent's answer in the words of a line.
enum FaultWords {
    static func milliseconds(_ nanoseconds: Int64?) -> String {
        JSON.real((Double(nanoseconds ?? 0) / 1e4).rounded() / 100).text() + " ms"
    }

    static func asked(_ fault: JSON) -> String {
        let asked = fault["asked"] ?? .null
        func number(_ key: String) -> Int64 { asked[key]?.integer ?? 0 }
        var parts = [fault["kind"]?.string ?? "?"]
        if number("delay_ns") > 0 { parts.append(milliseconds(number("delay_ns"))) }
        if number("jitter_ns") > 0 { parts.append("and up to \(milliseconds(number("jitter_ns"))) more") }
        for key in ["loss_ppm", "share_ppm"] where number(key) > 0 { parts.append("\(Price(units: number(key))) %") }
        if number("bits_per_second") > 0 { parts.append("\(number("bits_per_second")) bit/s") }
        if let port = asked["port"]?.integer { parts.append("port \(port)") }
        if let pid = asked["pid"]?.integer { parts.append("pid \(pid)") }
        let senders = (asked["from"]?.array ?? []).compactMap(\.string)
        if !senders.isEmpty { parts.append("from \(senders.joined(separator: ", "))") }
        return parts.joined(separator: " ") + ", for \(Duration.nanoseconds(number("duration_ns")).written)"
    }

    static func measured(_ probes: JSON) -> String {
        var parts = [
            "\(probes["source"]?.string ?? "?") p50 \(milliseconds(probes["p50_ns"]?.integer)), "
                + "p99 \(milliseconds(probes["p99_ns"]?.integer)) of \(probes["n"]?.integer ?? 0) probes"
        ]
        for (key, word) in [("lost", "lost"), ("copies", "twice"), ("overtook", "overtook")] {
            if let count = probes[key]?.integer, count > 0 { parts.append("\(count) \(word)") }
        }
        if let bits = probes["bits_per_second"]?.integer, bits > 0 { parts.append("\(bits) bit/s") }
        return parts.joined(separator: ", ")
    }

    static func hits(_ fault: JSON) -> String {
        "\(fault["packets"]?.integer ?? 0) packets, \(fault["sockets"]?.integer ?? 0) sockets"
    }

    static func left(_ fault: JSON) -> String {
        fault["left_ns"]?.integer.map { "\(JSON.real((Double($0) / 1e8).rounded() / 10).text()) s left" } ?? "over"
    }
}
