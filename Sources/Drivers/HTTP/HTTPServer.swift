// Serves pre-rendered pages. FlyingFox does the protocol, on the cooperative pool; the handlers are plain
// functions that read what a role has published, and never wait.

import Dispatch
internal import FlyingFox
internal import FlyingSocks
import Foundation
import Sockets
import Synchronization
import Units

package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// A request that takes longer than this to arrive ends its connection.
    private static let requestMaximum: TimeInterval = 15

    private let asked: Address
    private let server: FlyingFox.HTTPServer
    private let task = Mutex<Task<Void, any Error>?>(nil)

    /// - Parameters:
    ///   - address: port 0 lets the kernel choose; `start()` says which.
    ///   - routes: path → handler, for GET. Anything else is 404, another method 405.
    package init(address: Address, routes: [String: Handler]) {
        asked = address
        server = FlyingFox.HTTPServer(
            address: ListeningAddress(address: address), timeout: HTTPServer.requestMaximum,
            pool: UndelayedPool(wrapped: FlyingFox.HTTPServer.defaultPool()), logger: .disabled,
            handler: Router(routes: routes))
    }

    /// Listens, and returns where. Blocks until it does: for start-up, and never from an async context.
    package func start() throws(HTTPError) -> Address {
        let outcome = Mutex<Result<Address, HTTPError>?>(nil)
        let listening = DispatchSemaphore(value: 0)
        Task.detached { [self] in
            let result = await listen()
            outcome.withLock { $0 = result }
            listening.signal()
        }
        listening.wait()
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("http: signalled without an outcome") }
        return try result.get()
    }

    /// The same for async contexts.
    package func start() async throws(HTTPError) -> Address { try await listen().get() }

    /// Closes the listening socket and every connection. Returns before that is done.
    package func stop() {
        task.withLock { running in
            running?.cancel()
            running = nil
        }
    }

    private func listen() async -> Result<Address, HTTPError> {
        func failure(_ detail: String) -> Result<Address, HTTPError> {
            .failure(HTTPError(.unreachable, endpoint: "\(asked)", operation: "listen", detail: detail))
        }
        let running = Task.detached { [server] in try await server.run() }
        task.withLock { $0 = running }
        let watch = Task.detached { [server] in try await server.waitUntilListening(timeout: 5) }
        // An address that is in use ends `run()` at once; then there is nothing to wait for.
        let end = Task.detached {
            _ = await running.result
            watch.cancel()
        }
        defer { end.cancel() }
        guard case .success = await watch.result else {
            running.cancel()
            if case .failure(let error) = await running.result { return failure("\(error)") }
            return failure("not listening within 5 s")
        }
        guard case .ip4(_, let port)? = await server.listeningAddress else { return failure("it ended at once") }
        return .success(Address(host: asked.host, port: port))
    }
}

private struct Router: HTTPHandler {
    let routes: [String: HTTPServer.Handler]

    func handleRequest(_ request: FlyingFox.HTTPRequest) async throws -> FlyingFox.HTTPResponse {
        guard let handler = routes[request.path] else { return plain(.notFound, "not found\n") }
        guard request.method == .GET else { return plain(.methodNotAllowed, "only GET\n") }
        let headers = request.headers.map { ($0.key.rawValue.lowercased(), $0.value) }
        let answer = handler(HTTPRequest(path: request.path, headers: Dictionary(headers) { first, _ in first }))
        var answerHeaders = HTTPHeaders()
        for (name, value) in answer.headers { answerHeaders[HTTPHeader(name)] = value }
        // A chunk as large as the body: one write, so one packet train without a pause.
        let body = HTTPBodySequence(data: Data(answer.body), suggestedBufferSize: max(1, answer.body.count))
        let status = HTTPStatusCode(answer.status, phrase: reason(answer.status))
        return FlyingFox.HTTPResponse(statusCode: status, headers: answerHeaders, body: body)
    }

    private func plain(_ status: HTTPStatusCode, _ text: String) -> FlyingFox.HTTPResponse {
        FlyingFox.HTTPResponse(
            statusCode: status, headers: [.contentType: "text/plain; charset=utf-8"], body: Data(text.utf8))
    }

    private func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 503: "Service Unavailable"
        default: "Status"
        }
    }
}

/// FlyingFox never sets TCP_NODELAY, and sends the header apart from the body: Nagle's algorithm and a delayed
/// acknowledgement then hold the body back for 40 ms. Accepted sockets inherit the option from the listening one.
private struct UndelayedPool: AsyncSocketPool {
    let wrapped: any AsyncSocketPool

    func prepare() async throws { try await wrapped.prepare() }
    func run() async throws { try await wrapped.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        var one: Int32 = 1
        setsockopt(socket.file.rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        try await wrapped.suspendSocket(socket, untilReadyFor: events)
    }
}

/// FlyingFox's own conformance of `sockaddr_in` isn't visible outside of it on Linux.
private struct ListeningAddress: SocketAddress {
    static let family = sa_family_t(AF_INET)
    let address: Address

    func withSockAddr<Value, Failure: Error>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var raw = address.raw
        return try withUnsafeBytes(of: &raw) { bytes throws(Failure) -> Value in
            guard let base = bytes.baseAddress else { preconditionFailure("an address is never empty") }
            return try body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }
}
