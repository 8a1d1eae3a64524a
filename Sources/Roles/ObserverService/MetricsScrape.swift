import Messages
import Sockets
import Units

/// Reads `/metrics` once: HTTP/1.1, one request a connection, the end of the stream or of the announced length ends it.
final class MetricsScrape {
    static let limit = Duration.milliseconds(800)
    static let bytesMaximum = 4 << 20

    private let address: Address
    private unowned let reactor: Reactor
    private var connection: Connection?
    private var received: [UInt8] = []
    private var deadline: Timer?
    private var done: ((Result<String, SystemError>) -> Void)?

    init(_ address: Address, on reactor: Reactor) {
        self.address = address
        self.reactor = reactor
    }

    /// Calls `done` once, with the body of a 200, or with what went wrong.
    func start(_ done: @escaping (Result<String, SystemError>) -> Void) {
        self.done = done
        // The closures hold on to this scrape until it is over.
        deadline = reactor.after(MetricsScrape.limit) { self.finish(.failure(SystemError("\(self.address)", "scrape", code: 110))) }
        Connection.connect(to: address, within: MetricsScrape.limit, on: reactor) { result in
            switch result {
            case .failure(let error): self.finish(.failure(error))
            case .success(let connection): self.connected(connection)
            }
        }
    }

    private func connected(_ connection: Connection) {
        guard done != nil else { return connection.close() }
        self.connection = connection
        connection.onBytes = { [unowned self] bytes in
            received += bytes
            if received.count > MetricsScrape.bytesMaximum || isComplete { read() }
        }
        connection.onClose = { [unowned self] _ in read() }
        do { try connection.start() } catch { return finish(.failure(error)) }
        connection.send(Array("GET /metrics HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8))
    }

    private var headEnd: Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        return received.indices.dropLast(3).first { received[$0..<($0 + 4)].elementsEqual(mark) }
    }

    private var isComplete: Bool {
        guard let headEnd else { return false }
        let head = String(decoding: received[..<headEnd], as: UTF8.self).lowercased()
        guard let field = head.split(separator: "\r\n").first(where: { $0.hasPrefix("content-length:") }),
            let length = Int(field.dropFirst("content-length:".count).filter { $0 != " " })
        else { return false }
        return received.count >= headEnd + 4 + length
    }

    private func read() {
        guard let headEnd, received.starts(with: Array("HTTP/1.1 200".utf8)) else {
            return finish(.failure(SystemError("\(address)", "scrape", code: 71, advice: "expected HTTP/1.1 200")))
        }
        finish(.success(String(decoding: received[(headEnd + 4)...], as: UTF8.self)))
    }

    private func finish(_ result: Result<String, SystemError>) {
        guard let done else { return }
        self.done = nil
        deadline?.cancel()
        connection?.onClose = { _ in }
        connection?.close()
        connection = nil
        done(result)
    }
}
