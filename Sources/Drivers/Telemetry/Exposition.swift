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
        var page = ""
        page.reserveCapacity(16 << 10)
        for family in registry.families { write(family, to: &page) }
        if self == .openMetrics { page += "# EOF\n" }
        return Array(page.utf8)
    }

    private func write(_ family: MetricRegistry.Family, to page: inout String) {
        let name = familyName(family)
        page += "# HELP \(name) \(Exposition.escaped(family.help, quotes: self == .openMetrics))\n"
        page += "# TYPE \(name) \(typeName(family.kind))\n"
        for series in family.series {
            switch series.instrument {
            case .counter(let counter): line(family.name, series.labels, "\(counter.value)", to: &page)
            case .gauge(let gauge):
                if let value = gauge.value { line(family.name, series.labels, Exposition.number(value), to: &page) }
            case .histogram(let histogram): write(histogram, family.name, series.labels, to: &page)
            case .constant: line(family.name, series.labels, "1", to: &page)
            }
        }
    }

    private func write(_ histogram: Histogram, _ name: String, _ labels: String, to page: inout String) {
        let prefix = labels.isEmpty ? "" : labels + ","
        var below: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            below += count
            let bound = index < histogram.bounds.count ? histogram.bounds[index] : .infinity
            line("\(name)_bucket", "\(prefix)le=\"\(Exposition.number(bound))\"", "\(below)", to: &page)
        }
        line("\(name)_sum", labels, Exposition.number(histogram.sum), to: &page)
        line("\(name)_count", labels, "\(histogram.count)", to: &page)
    }

    private func line(_ name: String, _ labels: String, _ value: String, to page: inout String) {
        page += name
        if !labels.isEmpty { page += "{\(labels)}" }
        page += " \(value)\n"
    }

    private func familyName(_ family: MetricRegistry.Family) -> String {
        guard self == .openMetrics else { return family.name }
        switch family.kind {
        case .counter: return String(family.name.dropLast("_total".count))
        case .info: return String(family.name.dropLast("_info".count))
        case .gauge, .histogram: return family.name
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
