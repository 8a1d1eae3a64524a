package enum ProcessAbility {
    /// CAP_KILL of capabilities(7).
    private static let kill = 5

    /// Whether the text of a `/proc/PID/status` (proc(5)) has CAP_KILL in its effective set; `false` when it says nothing.
    package static func mayKill(_ status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let digits = line?.split(whereSeparator: \.isWhitespace).last, let set = UInt64(digits, radix: 16) else {
            return false
        }
        return set >> kill & 1 == 1
    }
}
