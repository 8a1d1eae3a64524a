import Synchronization

/// The last rendered page of a process, in both formats: written by its reactor, read by the HTTP server.
///
/// A format that somebody reads is rendered with every `publish`, one that nobody asked for lately with every
/// fiftieth: its first reader sees a page that is a little older.
package final class MetricsPage: Sendable {
    static let unreadEvery = 50
    /// So many publishes after its last reader a format counts as unread.
    static let readFor = 20_000

    private struct Format {
        var page: [UInt8]?
        var sinceAsked = readFor
    }

    private struct State {
        var formats = Dictionary(uniqueKeysWithValues: Exposition.allCases.map { ($0, Format()) })
        var count = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Renders and publishes. To be called on the registry's thread, as often as a scrape should see news.
    package func publish(_ registry: MetricRegistry) {
        let due = state.withLock { state in
            state.count += 1
            for format in Exposition.allCases { state.formats[format]?.sinceAsked += 1 }
            let isUnreadDue = state.count % MetricsPage.unreadEvery == 1
            return Exposition.allCases.filter { format in
                guard let known = state.formats[format] else { return false }
                return isUnreadDue || known.page == nil || known.sinceAsked <= MetricsPage.readFor
            }
        }
        for format in due {
            let page = format.render(registry)
            state.withLock { $0.formats[format]?.page = page }
        }
    }

    /// What to answer to a scrape with this `Accept` header. Before the first `publish` the page is empty.
    package func answer(accept: String?) -> (contentType: String, body: [UInt8]) {
        let format = Exposition.negotiated(accept)
        let empty: [UInt8] = format == .openMetrics ? Array("# EOF\n".utf8) : []
        let page = state.withLock { state in
            state.formats[format]?.sinceAsked = 0
            return state.formats[format]?.page
        }
        return (format.contentType, page ?? empty)
    }
}
