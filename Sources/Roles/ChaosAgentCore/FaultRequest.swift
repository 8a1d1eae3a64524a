// A fault as it was asked for. Parsing reports every mistake at once, with the legal values.

import Messages
import Units

package struct FaultRequest: Hashable, Sendable {
    package static let durationMaximum = Duration.seconds(600)
    /// Two probes must be on their way at once, or overtaking can't be seen.
    package static let reorderDelayMinimum = Duration.milliseconds(40)
    package static let delayMaximum = Duration.seconds(30)
    /// Below, our own trains of probes would fill the way; above, they can't tell it from none.
    package static let bitRates: ClosedRange<Int64> = 256_000...100_000_000

    package var id: String
    package var kind: FaultKind
    /// Senders whose packets are concerned, host byte order; empty means every sender.
    package var from: [UInt32]
    package var duration: Duration
    package var delay: Duration = .zero
    package var jitter: Duration = .zero
    package var lossPerMillion: UInt32 = 0
    /// Duplicate, corrupt, reorder: packets in a million that it concerns.
    package var sharePerMillion: UInt32 = 0
    /// Rate: bits a second, Ethernet headers counted.
    package var bitsPerSecond: Int64 = 0
    /// Local TCP port, for the kinds that concern sockets.
    package var port: UInt16?
    package var mode: DisconnectMode = .silent
    package var pid: Int32?
    /// Decides which packets are lost and how the jitter falls.
    package var seed: UInt64 = 1
    /// Whose fault it is: without a word, an operator's.
    package var by = FaultOrigin.operator
    /// Who gave the command, as the agent saw it: `uid 0, pid 17`.
    package var who: String?

    package init(_ id: String, _ kind: FaultKind, from: [UInt32] = [], duration: Duration) {
        self.id = id
        self.kind = kind
        self.from = from
        self.duration = duration
    }

    /// The members of `fault_requested`, and of a ledger line.
    package var members: [JSON.Member] {
        [
            .init("fault", .string(id)), .init("kind", .string(kind.rawValue)),
            .init("from", .array(from.map { .string(dotted($0)) })),
            .init("delay_ns", .integer(delay.nanoseconds)), .init("jitter_ns", .integer(jitter.nanoseconds)),
            .init("loss_ppm", .integer(Int64(lossPerMillion))), .init("share_ppm", .integer(Int64(sharePerMillion))),
            .init("bits_per_second", .integer(bitsPerSecond)), .init("duration_ns", .integer(duration.nanoseconds)),
            .init("port", .optional(port.map { Int64($0) })), .init("mode", .string(mode.rawValue)),
            .init("pid", .optional(pid.map { Int64($0) })), .init("direction", "in"),
            .init("seed", .integer(Int64(bitPattern: seed))), .init("by", .string(by.rawValue)),
            .init("who", .optional(who)),
        ]
    }
}

/// Whether a fault belongs to a scenario, or an operator put it into a drill by hand.
package enum FaultOrigin: String, CaseIterable, Sendable, Hashable { case scenario, `operator` }

/// Everything that is wrong with a request.
package struct RequestError: Error, Hashable, Sendable, CustomStringConvertible {
    package let subject: String
    package let mistakes: [String]

    package var description: String { "\(subject): " + mistakes.joined(separator: "; ") }
}

extension FaultRequest {
    package static let keys = [
        "id", "kind", "from", "to", "node", "direction", "duration_ns", "delay_ns", "jitter_ns", "loss_ppm", "share_ppm",
        "bits_per_second", "port", "mode", "pid", "seed", "by", "who",
    ]

    package init(json: JSON) throws(RequestError) {
        var reader = RequestReader(json)
        reader.refuseUnknown(FaultRequest.keys)
        let id = reader.identifier("id")
        let kind: FaultKind? = reader.choice("kind")
        self.init(id ?? "?", kind ?? .latency, duration: .zero)
        from = reader.hosts("from")
        duration = reader.duration(
            "duration_ns", required: kind?.isMomentary != true, maximum: FaultRequest.durationMaximum)
        delay = reader.duration("delay_ns", required: kind?.holds == true, maximum: FaultRequest.delayMaximum)
        jitter = reader.duration("jitter_ns", required: false, maximum: FaultRequest.delayMaximum)
        lossPerMillion = UInt32(
            reader.number("loss_ppm", (kind == .loss ? 1 : 0)...1_000_000, required: kind == .loss) ?? 0)
        readNetemDose(&reader, kind)
        port = reader.number("port", 1...65_535, required: kind?.needsPort == true).map { UInt16($0) }
        mode = reader.choice("mode", otherwise: .silent) ?? .silent
        pid = reader.number("pid", 2...Int64(Int32.max), required: kind?.concernsProcess == true).map { Int32($0) }
        seed = UInt64(reader.number("seed", 0...Int64.max, required: false) ?? 1)
        by = reader.choice("by", otherwise: .operator) ?? .operator
        who = json["who"]?.string
        let named = json["from"].map { !$0.isNull && $0 != .array([]) } ?? false
        if kind?.isDosed == true, !named {
            reader.mistake(
                "'from': expected the senders' addresses, found none: 'everyone' is expanded when the plan is made")
        }
        if let direction = json["direction"]?.string, direction != "in" {
            reader.mistake(
                "'direction': expected 'in', found '\(direction)': for both ways ask both ends"
            )
        }
        guard reader.mistakes.isEmpty else {
            throw RequestError(subject: "fault '\(id ?? "?")'", mistakes: reader.mistakes)
        }
    }

    /// What only netem can do. A member that another kind doesn't have may be there as zero: a ledger writes all.
    private mutating func readNetemDose(_ reader: inout RequestReader, _ kind: FaultKind?) {
        let hasShare = kind?.hasShare == true
        let share = reader.number("share_ppm", (hasShare ? 1 : 0)...(hasShare ? 1_000_000 : 0), required: hasShare)
        sharePerMillion = UInt32(share ?? 0)
        if kind == .reorder, delay > .zero, delay < FaultRequest.reorderDelayMinimum {
            reader.mistake(
                "'delay_ns': expected at least \(FaultRequest.reorderDelayMinimum.written) for reorder, "
                    + "found \(delay.written)")
        }
        let bits = reader.number(
            "bits_per_second", kind == .rate ? FaultRequest.bitRates : 0...0, required: kind == .rate)
        bitsPerSecond = bits ?? 0
    }
}

/// Dotted text of an address in host byte order.
package func dotted(_ host: UInt32) -> String { "\(host >> 24).\(host >> 16 & 255).\(host >> 8 & 255).\(host & 255)" }

package func address(dotted text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var host: UInt32 = 0
    for part in parts {
        guard let value = UInt8(part), String(value) == part else { return nil }
        host = host << 8 | UInt32(value)
    }
    return host
}
