import HTTP
import Sockets
import Units

/// A page of 16 kB scraped 200 times a second over one kept connection.
struct ScrapeBenchmark {
    static let goal = Duration.milliseconds(2)
    static let period = Duration.milliseconds(5)
    static let pageBytes = 16_384

    let scrapes: Int
    let report: FigureTable

    func run() throws {
        report.begin("/metrics, \(scrapes) scrapes")
        let page = page()
        let server = HTTPServer(
            address: Address(host: 0x7F00_0001, port: 0),
            routes: ["/metrics": { _ in HTTPResponse(contentType: "text/plain; version=0.0.4", body: page) }])
        let address = try server.start()
        defer { server.stop() }
        let reactor = try Reactor()
        let fetcher = HTTPFetcher(to: address, on: reactor)
        var samples = Samples()
        var failures: [HTTPError] = []
        var sent = 0
        let clock = reactor.every(ScrapeBenchmark.period) {
            guard sent < scrapes else { return }
            sent += 1
            let start = Instant.now
            fetcher.get("/metrics", within: .seconds(2)) { result in
                switch result {
                case .success(let response) where response.body.count == page.count: samples.add(Instant.now - start)
                case .success(let response):
                    failures.append(
                        HTTPError(
                            .malformed, endpoint: "\(address)", operation: "GET", detail: "\(response.body.count) bytes"
                        ))
                case .failure(let error): failures.append(error)
                }
            }
        }
        defer { clock.cancel() }
        let limit = Double(scrapes) * ScrapeBenchmark.period.seconds + 10
        _ = reactor.run(until: .now + .seconds(Int64(limit))) { samples.count + failures.count == scrapes }
        fetcher.close()
        guard failures.isEmpty else { throw failures[0] }
        report.add(
            "/metrics, 16 kB, 200 kept-alive scrapes a second",
            "P50 \(shown(samples.median)), P99 \(shown(samples.p99)), largest \(shown(samples.maximum)), "
                + "n \(samples.count) of \(scrapes)",
            goal: "P99 < 2 ms idle", met: samples.count == scrapes && samples.p99 < ScrapeBenchmark.goal)
    }

    private func page() -> [UInt8] {
        var text = "# HELP bench_value A number.\n# TYPE bench_value gauge\n"
        var number = 0
        while text.utf8.count < ScrapeBenchmark.pageBytes {
            text += "bench_value{symbol=\"S\(number)\"} \(number).25\n"
            number += 1
        }
        return Array(text.utf8.prefix(ScrapeBenchmark.pageBytes - 1)) + [10]
    }
}
