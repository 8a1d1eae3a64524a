import HTTP
import Messages
import Sockets
import Units

/// Reads one process's `/metrics` again and again, one request at a time.
final class MetricsScrape {
    /// Longer, and the scrape counts as failed.
    static let limit = Duration.milliseconds(800)
    /// All values at most this often; scrapes in between tell the watermark alone.
    static let wholeInterval = Duration.milliseconds(990)
    static let watermark = "risk_governor_tick_watermark"

    /// The fields of a `scrape metrics` record.
    var onResult: ([JSON.Member]) -> Void = { _ in }
    private let target: ObserverOptions.Scrape
    private let fetcher: HTTPFetcher
    private var isBusy = false
    private var lastWhole: Instant?

    init(_ target: ObserverOptions.Scrape, on reactor: Reactor) {
        self.target = target
        fetcher = HTTPFetcher(to: target.address, on: reactor)
    }

    /// Does nothing while the request before is under way: its answer tells as much.
    func scrape() {
        guard !isBusy else { return }
        isBusy = true
        fetcher.get("/metrics", within: MetricsScrape.limit) { [weak self] result in
            guard let self else { return }
            isBusy = false
            onResult([.init("node", .string(target.node))] + fields(result))
        }
    }

    private func fields(_ result: Result<HTTPResponse, HTTPError>) -> [JSON.Member] {
        switch result {
        case .failure(let error):
            return [.init("ok", false), .init("reason", .string("\(error)"))]
        case .success(let response) where response.status != 200:
            return [.init("ok", false), .init("reason", .string("status \(response.status)"))]
        case .success(let response):
            let isWhole = lastWhole.map { Instant.now - $0 >= MetricsScrape.wholeInterval } ?? true
            if isWhole { lastWhole = .now }
            let members = MetricsText.members(String(decoding: response.body, as: UTF8.self))
            return [.init("ok", true)] + (isWhole ? members : members.filter { $0.key == MetricsScrape.watermark })
        }
    }

    func close() { fetcher.close() }
}
