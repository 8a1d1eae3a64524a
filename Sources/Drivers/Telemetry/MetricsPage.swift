import Synchronization

/// The last rendered page of a process, in both formats: written by its reactor, read by the HTTP server.
package final class MetricsPage: Sendable {
    private let pages = Mutex<[Exposition: [UInt8]]>([:])

    package init() {}

    /// Renders and publishes. To be called on the registry's thread, as often as a scrape should see news.
    package func publish(_ registry: MetricRegistry) {
        let rendered = Exposition.allCases.map { ($0, $0.render(registry)) }
        pages.withLock { $0 = Dictionary(uniqueKeysWithValues: rendered) }
    }

    /// What to answer to a scrape with this `Accept` header. Before the first `publish` the page is empty.
    package func answer(accept: String?) -> (contentType: String, body: [UInt8]) {
        let format = Exposition.negotiated(accept)
        let empty: [UInt8] = format == .openMetrics ? Array("# EOF\n".utf8) : []
        return (format.contentType, pages.withLock { $0[format] } ?? empty)
    }
}
