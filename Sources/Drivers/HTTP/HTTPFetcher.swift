// A GET client on a reactor, for scrapes: one keep-alive connection, one request at a time, the rest in line.

import Sockets
import Units

package final class HTTPFetcher {
    package typealias Done = (Result<HTTPResponse, HTTPError>) -> Void

    package static let waitingMaximum = 64

    private final class Request {
        let path: String
        let headers: [(String, String)]
        let done: Done
        var parser = ResponseParser()
        var deadline: Timer?
        /// Sent on a connection that an earlier request had used: the server may have closed it meanwhile.
        var isOnUsedConnection = false

        init(_ path: String, _ headers: [(String, String)], _ done: @escaping Done) {
            self.path = path
            self.headers = headers
            self.done = done
        }
    }

    private let address: Address
    private let reactor: Reactor
    private var stream: Connection?
    private var waiting: [Request] = []
    private var isBusy = false

    package init(to address: Address, on reactor: Reactor) {
        self.address = address
        self.reactor = reactor
    }

    /// `done` is called once, within `limit` of this call, the time in line included. The status may be any.
    package func get(
        _ path: String, headers: [(String, String)] = [], within limit: Duration, _ done: @escaping Done
    ) {
        let request = Request(path, headers, done)
        guard waiting.count < HTTPFetcher.waitingMaximum else {
            return done(.failure(error(.overloaded, request, "\(waiting.count) requests wait")))
        }
        waiting.append(request)
        request.deadline = reactor.after(limit) { [weak self, unowned request] in
            guard let self else { return }
            finish(request, .failure(error(.timedOut, request, "no answer within \(limit.written)")), reusing: false)
        }
        serveNext()
    }

    /// Ends the connection; what waits fails.
    package func close() {
        drop()
        while let request = waiting.first {
            finish(request, .failure(error(.disconnected, request, "closed here")), reusing: false)
        }
    }

    deinit { stream?.close() }

    private func serveNext() {
        guard !isBusy, let request = waiting.first else { return }
        isBusy = true
        if let stream, stream.isOpen {
            request.isOnUsedConnection = true
            return send(request, on: stream)
        }
        request.isOnUsedConnection = false
        Connection.connect(to: address, within: .seconds(1), on: reactor) { [weak self] result in
            guard let self, waiting.first === request else {
                if case .success(let stream) = result { stream.close() }
                return
            }
            do {
                let stream = try result.get()
                try stream.start()
                self.stream = stream
                send(request, on: stream)
            } catch {
                finish(request, .failure(self.error(.unreachable, request, "\(error)")), reusing: false)
            }
        }
    }

    private func send(_ request: Request, on stream: Connection) {
        stream.onBytes = { [weak self, unowned request] in self?.received($0, isEnd: false, for: request) }
        stream.onClose = { [weak self, unowned request] ending in self?.closed(request, "\(ending)") }
        let extra = request.headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        let head = "GET \(request.path) HTTP/1.1\r\nHost: \(address)\r\nConnection: keep-alive\r\n\(extra)\r\n"
        stream.send(Array(head.utf8))
    }

    private func closed(_ request: Request, _ ending: String) {
        stream = nil
        guard waiting.first === request else { return }
        if request.isOnUsedConnection, !request.parser.hasBegun {
            isBusy = false
            return serveNext()
        }
        guard request.parser.hasBegun else {
            return finish(request, .failure(error(.disconnected, request, ending)), reusing: false)
        }
        received([], isEnd: true, for: request)
    }

    private func received(_ bytes: ArraySlice<UInt8>, isEnd: Bool, for request: Request) {
        guard waiting.first === request else { return drop() }
        do {
            guard let response = try request.parser.receive(bytes, isEnd: isEnd) else { return }
            let closes = response.headers["connection"]?.lowercased() == "close"
            finish(request, .success(response), reusing: !closes && !isEnd)
        } catch {
            finish(request, .failure(self.error(.malformed, request, error.detail)), reusing: false)
        }
    }

    private func finish(_ request: Request, _ result: Result<HTTPResponse, HTTPError>, reusing: Bool) {
        guard let position = waiting.firstIndex(where: { $0 === request }) else { return }
        request.deadline?.cancel()
        waiting.remove(at: position)
        if position == 0 {
            isBusy = false
            if let stream, reusing {
                stream.onBytes = { [weak self] _ in self?.drop() }
                stream.onClose = { [weak self] _ in self?.stream = nil }
            } else {
                drop()
            }
        }
        request.done(result)
        serveNext()
    }

    private func drop() {
        let dropped = stream
        stream = nil
        dropped?.onBytes = { _ in }
        dropped?.onClose = { _ in }
        dropped?.close()
    }

    private func error(_ kind: HTTPError.Kind, _ request: Request, _ detail: String) -> HTTPError {
        HTTPError(kind, endpoint: "\(address)", operation: "GET \(request.path)", detail: detail)
    }
}
