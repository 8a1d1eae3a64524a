import HTTP
import Messages
import Sockets
import Units

/// Reads one process's `/metrics` again and again, one request at a time.
///
/// Its rhythm is kept from outside, on absolute deadlines: a slow answer costs the requests that were due meanwhile,
/// never the time at which the next one is due. Latencies count from the ticks' own due times, so nothing is omitted.
final class MetricsScrape {
    /// Longer, and the scrape counts as failed.
    static let limit = Duration.milliseconds(800)
    /// All values at most this often; every scrape tells the watermark.
    static let wholeInterval = Duration.milliseconds(990)
    static let watermark = Array("risk_governor_tick_watermark ".utf8)

    /// The fields of a `scrape metrics` record: a whole page, or why there is none.
    var onPage: ([JSON.Member]) -> Void = { _ in }
    /// The fields of a `scrape watermark` row, and when the answer's last byte came.
    var onWatermark: (Instant, [JSON.Member]) -> Void = { _, _ in }
    private let target: ObserverOptions.Scrape
    private let fetcher: HTTPFetcher
    private var isBusy = false
    private var lastWhole: Instant?

    init(_ target: ObserverOptions.Scrape, on reactor: Reactor) {
        self.target = target
        fetcher = HTTPFetcher(to: target.address, on: reactor)
    }

    /// Does nothing while the request before is under way: its answer tells as much.
    func scrape(due: Instant) {
        guard !isBusy else { return }
        isBusy = true
        let sent = Instant.now
        fetcher.get("/metrics", within: MetricsScrape.limit) { [weak self] result in
            let answered = Instant.now
            guard let self else { return }
            isBusy = false
            let (page, watermark) = read(result, at: answered)
            if target.node == "governor" {
                onWatermark(
                    answered,
                    [
                        .init("due_ns", .integer(due.nanoseconds)), .init("sent_ns", .integer(sent.nanoseconds)),
                        .init("ok", .bool(watermark.isAnswered)), .init("watermark", .optional(watermark.value)),
                    ])
            }
            if let page { onPage([.init("node", .string(target.node))] + page) }
        }
    }

    private func read(
        _ result: Result<HTTPResponse, HTTPError>, at now: Instant
    ) -> (page: [JSON.Member]?, watermark: (isAnswered: Bool, value: Int64?)) {
        func refused(_ reason: String) -> (page: [JSON.Member]?, watermark: (isAnswered: Bool, value: Int64?)) {
            ([.init("ok", false), .init("reason", .string(reason))], (false, nil))
        }
        switch result {
        case .failure(let error): return refused("\(error)")
        case .success(let response) where response.status != 200: return refused("status \(response.status)")
        case .success(let response):
            let value = MetricsText.integer(of: MetricsScrape.watermark, in: response.body)
            let isWhole = lastWhole.map { now - $0 >= MetricsScrape.wholeInterval } ?? true
            guard isWhole else { return (nil, (true, value)) }
            lastWhole = now
            let members = MetricsText.members(String(decoding: response.body, as: UTF8.self))
            return ([.init("ok", true)] + members, (true, value))
        }
    }

    func close() { fetcher.close() }
}
