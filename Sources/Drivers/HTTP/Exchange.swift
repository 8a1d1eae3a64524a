/// A GET as it reached the server.
package struct HTTPRequest: Hashable, Sendable {
    package let path: String
    /// Names in lower case.
    package let headers: [String: String]

    package init(path: String, headers: [String: String] = [:]) {
        self.path = path
        self.headers = headers
    }
}

/// An answer, rendered whole before it is sent.
package struct HTTPResponse: Hashable, Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [String: String]
    package let body: [UInt8]

    package init(status: Int = 200, headers: [String: String], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.init(status: status, headers: ["content-type": contentType], body: body)
    }

    package init(status: Int = 200, text: String) {
        self.init(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

package struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Hashable, Sendable {
        /// The server could not listen, or a connection to it could not be made.
        case unreachable
        case timedOut
        /// The connection ended before the whole answer was here.
        case disconnected
        /// The answer is not HTTP/1.1, or larger than the limit.
        case malformed
        /// Too many requests wait in this fetcher.
        case overloaded
    }

    package let kind: Kind
    /// `127.0.0.1:8000`
    package let endpoint: String
    /// What was tried: `listen`, `GET /metrics`.
    package let operation: String
    package let detail: String

    package init(_ kind: Kind, endpoint: String, operation: String, detail: String) {
        self.kind = kind
        self.endpoint = endpoint
        self.operation = operation
        self.detail = detail
    }

    package var description: String { "http \(endpoint): \(operation): \(detail)" }
}
