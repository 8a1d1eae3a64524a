import Messages

/// The samples of a Prometheus text that history keeps: the governor's gauges and counters, and of each histogram
/// its sum and count. Reported, compared, never trusted alone.
enum MetricsText {
    /// A scrape that lists more is cut: history is no time series database.
    static let samplesMaximum = 200

    static func members(_ text: String) -> [JSON.Member] {
        var members: [JSON.Member] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") && members.count < samplesMaximum {
            guard line.hasPrefix("risk_governor_") || line.hasPrefix("process_resident_memory_bytes"),
                !line.contains("_bucket{"), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            else { continue }
            let name = String(line[..<space])
            guard !members.contains(where: { $0.key == name }) else { continue }
            members.append(
                .init(name, value.rounded() == value && value.magnitude < 9e15 ? .integer(Int64(value)) : .real(value)))
        }
        return members
    }
}
