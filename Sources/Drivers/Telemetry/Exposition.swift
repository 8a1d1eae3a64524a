/// How metrics are written: Prometheus text 0.0.4, and OpenMetrics 1.0.
///
/// Sources: prometheus.io "Exposition formats"; the OpenMetrics specification 1.0.0. One HELP and TYPE a family,
/// its samples together, `le` rising to `+Inf` = `_count`, LF, a last newline, no timestamps. In OpenMetrics a
/// counter's family has no `_total`, an info's no `_info`, and `# EOF` is the last line.
package enum Exposition: CaseIterable, Sendable {
    case text, openMetrics

    package var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What an `Accept` header asks for. The text format when it names neither.
    package static func negotiated(_ accept: String?) -> Exposition {
        var best: (format: Exposition, quality: Double)?
        for range in (accept ?? "").split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            let quality = parts.first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            let version = parts.first { $0.hasPrefix("version=") }?.dropFirst(8)
            let format: Exposition
            switch parts.first {
            case "application/openmetrics-text" where version == nil || version == "1.0.0": format = .openMetrics
            case "text/plain", "text/*", "*/*": format = .text
            default: continue
            }
            if quality > 0, quality > best?.quality ?? 0 { best = (format, quality) }
        }
        return best?.format ?? .text
    }

    package func render(_ registry: MetricRegistry) -> [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(16 << 10)
        for family in registry.families { write(family, to: &page) }
        if self == .openMetrics { page += "# EOF\n".utf8 }
        return page
    }

    private func write(_ family: MetricRegistry.Family, to page: inout [UInt8]) {
        page += family.heads[self] ?? []
        for series in family.series {
            switch series.instrument {
            case .counter(let counter): Exposition.line(series.lineStarts[0], counter.value, to: &page)
            case .gauge(let gauge):
                if let value = gauge.value { Exposition.line(series.lineStarts[0], value, to: &page) }
            case .histogram(let histogram): Exposition.write(histogram, series.lineStarts, to: &page)
            case .constant: Exposition.line(series.lineStarts[0], UInt64(1), to: &page)
            }
        }
    }

    private static func write(_ histogram: Histogram, _ starts: [[UInt8]], to page: inout [UInt8]) {
        var below: UInt64 = 0
        for (start, count) in zip(starts, histogram.counts) {
            below += count
            line(start, below, to: &page)
        }
        line(starts[histogram.counts.count], histogram.sum, to: &page)
        line(starts[histogram.counts.count + 1], histogram.count, to: &page)
    }

    private static func line(_ start: [UInt8], _ value: UInt64, to page: inout [UInt8]) {
        page += start
        append(value, to: &page)
        page.append(UInt8(ascii: "\n"))
    }

    private static func line(_ start: [UInt8], _ value: Double, to page: inout [UInt8]) {
        page += start
        if value >= 0, value < integersExactBelow, value.rounded(.towardZero) == value, value.sign == .plus {
            append(UInt64(value), to: &page)
            page += ".0".utf8
        } else {
            page += number(value).utf8
        }
        page.append(UInt8(ascii: "\n"))
    }

    /// Below it a whole number's text is its digits and `.0`; above, an exponent.
    private static let integersExactBelow = 9_007_199_254_740_992.0

    private static func append(_ value: UInt64, to page: inout [UInt8]) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            page.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// `name{labels} ` for each value of a series, a histogram's in the order buckets, sum, count.
    static func lineStarts(_ name: String, labels: String, _ instrument: MetricRegistry.Instrument) -> [[UInt8]] {
        func start(_ name: String, _ labels: String) -> [UInt8] {
            Array((labels.isEmpty ? "\(name) " : "\(name){\(labels)} ").utf8)
        }
        guard case .histogram(let histogram) = instrument else { return [start(name, labels)] }
        let prefix = labels.isEmpty ? "" : labels + ","
        let buckets = (histogram.bounds + [.infinity]).map { start("\(name)_bucket", "\(prefix)le=\"\(number($0))\"") }
        return buckets + [start("\(name)_sum", labels), start("\(name)_count", labels)]
    }

    func head(_ name: String, _ kind: MetricRegistry.Kind, _ help: String) -> [UInt8] {
        let family = familyName(name, kind)
        let help = Exposition.escaped(help, quotes: self == .openMetrics)
        return Array("# HELP \(family) \(help)\n# TYPE \(family) \(typeName(kind))\n".utf8)
    }

    private func familyName(_ name: String, _ kind: MetricRegistry.Kind) -> String {
        guard self == .openMetrics else { return name }
        switch kind {
        case .counter: return String(name.dropLast("_total".count))
        case .info: return String(name.dropLast("_info".count))
        case .gauge, .histogram: return name
        }
    }

    private func typeName(_ kind: MetricRegistry.Kind) -> String {
        kind == .info && self == .text ? "gauge" : kind.rawValue
    }

    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "_")
        }
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    static func escaped(_ text: String, quotes: Bool = true) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
