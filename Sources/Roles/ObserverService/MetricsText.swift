import Messages

/// The samples of a Prometheus text that history keeps: the governor's gauges and counters, and of each histogram
/// its sum and count. Reported, compared, never trusted alone.
enum MetricsText {
    /// A scrape that lists more is cut: history is no time series database.
    static let samplesMaximum = 200

    /// The value behind `name`, which ends with the blank before it, at the beginning of a line. Two hundred pages a
    /// second are searched for one number: no page becomes text for it.
    static func integer(of name: [UInt8], in page: [UInt8]) -> Int64? {
        page.withUnsafeBufferPointer { page in
            var start = 0
            while start + name.count < page.count {
                if page[start] == name[0], page[start..<start + name.count].elementsEqual(name) {
                    let digits = page[(start + name.count)...].prefix { (0x30...0x39).contains($0) }
                    return Int64(String(decoding: digits, as: UTF8.self))
                }
                guard let end = page[start...].firstIndex(of: 0x0A) else { return nil }
                start = end + 1
            }
            return nil
        }
    }

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
