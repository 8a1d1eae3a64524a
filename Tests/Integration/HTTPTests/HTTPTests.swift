import Glibc
import HTTP
import Sockets
import Synchronization
import Telemetry
import Testing
import Units

private let loopback = Address(host: 0x7F00_0001, port: 0)

/// Fetches once, running the reactor meanwhile.
private func fetch(
    _ path: String, from fetcher: HTTPFetcher, headers: [(String, String)] = [], within limit: Duration = .seconds(5),
    on reactor: Reactor
) -> Result<HTTPResponse, HTTPError>? {
    var found: Result<HTTPResponse, HTTPError>?
    fetcher.get(path, headers: headers, within: limit) { found = $0 }
    _ = reactor.run(until: Instant.now + limit + .seconds(1), or: { found != nil })
    return found
}

@Suite(.serialized) struct HTTPTests {
    @Test func `a scrape gets the published page in the format it asks for`() async throws {
        let page = MetricsPage()
        page.publish(everyKind())
        let server = HTTPServer(
            address: loopback,
            routes: [
                "/metrics": { request in
                    let answer = page.answer(accept: request.headers["accept"])
                    return HTTPResponse(contentType: answer.contentType, body: answer.body)
                }
            ])
        let address = try await server.start()
        defer { server.stop() }
        #expect(address.port != 0)
        let reactor = try Reactor()
        let fetcher = HTTPFetcher(to: address, on: reactor)
        let plain = try #require(try fetch("/metrics", from: fetcher, on: reactor)?.get())
        #expect(plain.headers["content-type"] == Exposition.text.contentType)
        #expect(plain.body == Exposition.text.render(everyKind()))
        let accept = [("Accept", "application/openmetrics-text;version=1.0.0")]
        let open = try #require(try fetch("/metrics", from: fetcher, headers: accept, on: reactor)?.get())
        #expect(open.headers["content-type"] == Exposition.openMetrics.contentType)
        #expect(open.body == Exposition.openMetrics.render(everyKind()))
    }

    @Test func `the handler's status is sent, an unknown path is 404, another method 405`() async throws {
        let server = HTTPServer(address: loopback, routes: ["/healthz": { _ in HTTPResponse(status: 503, text: "no") }])
        let address = try await server.start()
        defer { server.stop() }
        let reactor = try Reactor()
        let fetcher = HTTPFetcher(to: address, on: reactor)
        #expect(try fetch("/healthz", from: fetcher, on: reactor)?.get().status == 503)
        #expect(try fetch("/absent", from: fetcher, on: reactor)?.get().status == 404)
        var answer: [UInt8] = []
        Connection.connect(to: address, within: .seconds(1), on: reactor) { result in
            guard case .success(let connection) = result else { return }
            connection.onBytes = { [connection] bytes in
                answer += bytes
                connection.close()
            }
            #expect(throws: Never.self) { try connection.start() }
            connection.send(Array("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".utf8))
        }
        _ = reactor.run(until: Instant.now + .seconds(5), or: { !answer.isEmpty })
        #expect(text(answer).hasPrefix("HTTP/1.1 405 "))
    }

    @Test func `a keep-alive scrape of 16 kB never waits for a delayed acknowledgement`() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 16_384)
        let server = HTTPServer(
            address: loopback, routes: ["/": { _ in HTTPResponse(contentType: "text/plain", body: body) }])
        let address = try await server.start()
        defer { server.stop() }
        let reactor = try Reactor()
        let fetcher = HTTPFetcher(to: address, on: reactor)
        var times: [Duration] = []
        for _ in 0..<50 {
            let began = Instant.now
            #expect(try fetch("/", from: fetcher, on: reactor)?.get().body.count == 16_384)
            times.append(Instant.now - began)
        }
        // With Nagle's algorithm the median is above 40 ms.
        #expect(times.sorted()[25] < .milliseconds(20))
    }

    @Test func `an address in use is an error at start, with the reason`() async throws {
        let first = HTTPServer(address: loopback, routes: [:])
        let address = try await first.start()
        defer { first.stop() }
        let second = HTTPServer(address: address, routes: [:])
        await #expect(throws: HTTPError.self) { try await second.start() }
    }

    @Test func `a server that never answers costs the limit and no more, and the next in line is still served`() throws
    {
        let reactor = try Reactor()
        var accepted: [Connection] = []
        let listener = try Listener(tcp: loopback, on: reactor) { connection, _ in
            accepted.append(connection)
            // The first connection is never answered.
            guard accepted.count > 1 else { return }
            connection.onBytes = { _ in connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)) }
            #expect(throws: Never.self) { try connection.start() }
        }
        defer { listener.close() }
        let fetcher = HTTPFetcher(to: try #require(listener.address), on: reactor)
        var first: Result<HTTPResponse, HTTPError>?
        var second: Result<HTTPResponse, HTTPError>?
        fetcher.get("/a", within: .milliseconds(100)) { first = $0 }
        fetcher.get("/b", within: .seconds(5)) { second = $0 }
        _ = reactor.run(until: Instant.now + .seconds(5), or: { second != nil })
        #expect(throws: HTTPError.self) { try first?.get() }
        if case .failure(let error) = first { #expect(error.kind == .timedOut) }
        #expect(try second?.get().body == Array("ok".utf8))
        for connection in accepted { connection.close() }
    }

    @Test func `nobody listening is unreachable`() throws {
        let reactor = try Reactor()
        let listener = try Listener(tcp: loopback, on: reactor) { _, _ in }
        let address = try #require(listener.address)
        listener.close()
        let result = fetch("/", from: HTTPFetcher(to: address, on: reactor), on: reactor)
        guard case .failure(let error) = result else {
            Issue.record("expected a failure, found \(String(describing: result))")
            return
        }
        #expect(error.kind == .unreachable)
    }
}

struct ResponseParserTests {
    private func parse(_ text: String, isEnd: Bool = false) throws -> HTTPResponse? {
        var parser = ResponseParser()
        return try parser.receive(Array(text.utf8)[...], isEnd: isEnd)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nx-a: b\r\n\r\n3\r\nhel\r\n2;note=1\r\nlo\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nx-a: b\r\n\r\nhello",
    ])
    func `every framing gives the same body, split anywhere`(answer: String) throws {
        let bytes = Array(answer.utf8)
        for cut in 0...bytes.count {
            var parser = ResponseParser()
            var found = try parser.receive(bytes[..<cut])
            if found == nil { found = try parser.receive(bytes[cut...]) }
            if found == nil { found = try parser.receive([], isEnd: true) }
            #expect(found?.body == Array("hello".utf8))
            #expect(found?.headers["x-a"] == "b")
        }
    }

    @Test(arguments: [
        "ICY 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 99 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nnocolon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "HTTP/1.1 200", "",
    ])
    func `an answer that is not HTTP, or is cut off, is refused`(answer: String) {
        #expect(throws: ResponseParser.Malformed.self) { try parse(answer, isEnd: true) }
    }

    @Test func `a head without end is refused at its limit`() {
        #expect(throws: ResponseParser.Malformed.self) {
            try parse("HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: ResponseParser.headMaximum))
        }
    }
}
