// All metrics of one process, in the order of their registration. Belongs to one thread; what other threads may
// read is a rendered page (`MetricsPage`).
//
// A name is registered once with its help; a further series of the same name has other labels. A wrong name, a
// second kind for one name or a duplicate series is a mistake in our own code and ends the process at start.

package final class MetricRegistry {
    enum Kind: String { case counter, gauge, histogram, info }

    enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case constant
    }

    struct Series {
        /// `action="accept",symbol="AAPL"`, in the order given; empty without labels.
        let labels: String
        let instrument: Instrument
        /// What stands before each of its values, in the order of the page: a page is rendered hundreds of times a
        /// second, and only its numbers change.
        let lineStarts: [[UInt8]]
    }

    struct Family {
        let name: String
        let kind: Kind
        let help: String
        var series: [Series]
        /// HELP and TYPE, by format.
        let heads: [Exposition: [UInt8]]
    }

    private(set) var families: [Family] = []

    package init() {}

    /// - Parameter name: ends in `_total`.
    package func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        precondition(name.hasSuffix("_total"), "metric \(name): a counter's name ends in _total")
        let counter = Counter()
        add(name, .counter, help, labels, .counter(counter))
        return counter
    }

    package func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let gauge = Gauge()
        add(name, .gauge, help, labels, .gauge(gauge))
        return gauge
    }

    /// - Parameter bounds: upper bounds, rising, finite; `+Inf` is added. Both formats show the same `le` text.
    package func histogram(
        _ name: String, help: String, bounds: [Double], labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        precondition(
            !bounds.isEmpty && bounds.allSatisfy(\.isFinite) && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "metric \(name): bounds rise and are finite")
        let histogram = Histogram(bounds: bounds)
        add(name, .histogram, help, labels, .histogram(histogram))
        return histogram
    }

    /// A constant 1 whose labels are the message.
    /// - Parameter name: ends in `_info`.
    package func info(_ name: String, help: String, labels: KeyValuePairs<String, String>) {
        precondition(name.hasSuffix("_info"), "metric \(name): an info's name ends in _info")
        add(name, .info, help, labels, .constant)
    }

    private func add(
        _ name: String, _ kind: Kind, _ help: String, _ labels: KeyValuePairs<String, String>, _ instrument: Instrument
    ) {
        precondition(Exposition.isName(name), "metric \(name): a name is letters, digits and underscores")
        for (key, _) in labels {
            precondition(Exposition.isName(key) && key != "le", "metric \(name): \(key) is no label name")
        }
        precondition(Set(labels.map(\.key)).count == labels.count, "metric \(name): a label twice")
        let text = labels.map { "\($0.key)=\"\(Exposition.escaped($0.value))\"" }.joined(separator: ",")
        let starts = Exposition.lineStarts(name, labels: text, instrument)
        let series = Series(labels: text, instrument: instrument, lineStarts: starts)
        guard let index = families.firstIndex(where: { $0.name == name }) else {
            let heads = Exposition.allCases.map { ($0, $0.head(name, kind, help)) }
            families.append(
                Family(
                    name: name, kind: kind, help: help, series: [series],
                    heads: Dictionary(uniqueKeysWithValues: heads)))
            return
        }
        precondition(families[index].kind == kind, "metric \(name): registered as \(families[index].kind) before")
        precondition(
            !families[index].series.contains { $0.labels == text }, "metric \(name){\(text)}: registered twice")
        families[index].series.append(series)
    }
}
