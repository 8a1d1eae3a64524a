/// Bytes of one HTTP/1.1 answer in, the answer out. Pure.
///
/// Understands Content-Length, chunked bodies (RFC 9112 section 7.1) and bodies that end with the connection.
package struct ResponseParser {
    package struct Malformed: Error, Hashable, Sendable { package let detail: String }

    package static let headMaximum = 64 << 10
    package static let bodyMaximum = 16 << 20

    private enum Body: Hashable { case counted(Int), chunked, untilClose }
    private struct Head {
        let status: Int
        let headers: [String: String]
        let body: Body
        let end: Int
    }

    private var bytes: [UInt8] = []
    private var head: Head?

    package init() {}

    /// Whether a first byte of the answer is here.
    package var hasBegun: Bool { !bytes.isEmpty }

    /// The answer once it is whole, `nil` until then. `isEnd`: the peer has closed, no byte follows.
    package mutating func receive(
        _ more: ArraySlice<UInt8>, isEnd: Bool = false
    ) throws(Malformed) -> HTTPResponse? {
        bytes += more
        if head == nil { head = try parsedHead() }
        guard let head else {
            guard bytes.count <= ResponseParser.headMaximum else { throw Malformed(detail: "a head beyond 64 KiB") }
            if isEnd { throw Malformed(detail: "the connection ended inside the head") }
            return nil
        }
        guard bytes.count - head.end <= ResponseParser.bodyMaximum else {
            throw Malformed(detail: "a body beyond \(ResponseParser.bodyMaximum) bytes")
        }
        guard let body = try body(of: head, isEnd: isEnd) else {
            if isEnd { throw Malformed(detail: "the connection ended inside the body") }
            return nil
        }
        return HTTPResponse(status: head.status, headers: head.headers, body: body)
    }

    private func body(of head: Head, isEnd: Bool) throws(Malformed) -> [UInt8]? {
        let rest = bytes[head.end...]
        switch head.body {
        case .counted(let count): return rest.count >= count ? Array(rest.prefix(count)) : nil
        case .untilClose: return isEnd ? Array(rest) : nil
        case .chunked: return try dechunked(rest)
        }
    }

    private func parsedHead() throws(Malformed) -> Head? {
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: [13, 10, 13, 10]) }) else { return nil }
        let text = String(decoding: bytes[..<end], as: UTF8.self)
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let first = lines.popFirst() ?? ""
        let words = first.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100...599).contains(status)
        else { throw Malformed(detail: "expected a status line, found '\(first.prefix(60))'") }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw Malformed(detail: "expected a header line, found '\(line.prefix(60))'")
            }
            headers[line[..<colon].lowercased()] = trimmed(line[line.index(after: colon)...])
        }
        return Head(status: status, headers: headers, body: try framing(status, headers), end: end + 4)
    }

    private func framing(_ status: Int, _ headers: [String: String]) throws(Malformed) -> Body {
        if status == 204 || status == 304 { return .counted(0) }
        if headers["transfer-encoding"]?.lowercased() == "chunked" { return .chunked }
        guard let text = headers["content-length"] else { return .untilClose }
        guard let count = Int(text), count >= 0 else {
            throw Malformed(detail: "expected a content-length, found '\(text.prefix(20))'")
        }
        return .counted(count)
    }

    private func dechunked(_ chunks: ArraySlice<UInt8>) throws(Malformed) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = chunks
        while let end = rest.indices.first(where: { rest[$0...].starts(with: [13, 10]) }) {
            let text = String(decoding: rest[..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let size = Int(text, radix: 16), (0...ResponseParser.bodyMaximum).contains(size) else {
                throw Malformed(detail: "expected a chunk size, found '\(text.prefix(20))'")
            }
            rest = rest[(end + 2)...]
            // Trailers are not read: nothing that we ask for has any.
            if size == 0 { return rest.starts(with: [13, 10]) ? body : nil }
            guard rest.count >= size + 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [13, 10]) else { throw Malformed(detail: "a chunk longer than its size") }
            rest = rest.dropFirst(2)
        }
        return nil
    }

    private func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
