/// One answer of a Redis server (RESP2).
package enum RedisReply: Hashable, Sendable {
    case status(String)
    case text([UInt8])
    case integer(Int64)
    case null
    case array([RedisReply])
    /// Only inside arrays (EXEC): a command that is refused as a whole is a `RedisError` of kind `refused`.
    case error(String)
}

extension RedisReply {
    /// The text of a status, a bulk string or an integer; `nil` for everything else, `null` included.
    package var string: String? {
        switch self {
        case .status(let text): text
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let value): String(value)
        case .null, .array, .error: nil
        }
    }

    package var bytes: [UInt8]? {
        switch self {
        case .text(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .integer, .null, .array, .error: nil
        }
    }

    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .text, .status: string.flatMap { Int64($0) }
        case .null, .array, .error: nil
        }
    }

    package var array: [RedisReply]? {
        if case .array(let items) = self { return items }
        return nil
    }

    /// The answer of HGETALL: field → value. `nil` unless it is an array of pairs.
    package var pairs: [String: String]? {
        guard case .array(let items) = self, items.count.isMultiple(of: 2) else { return nil }
        var found: [String: String] = [:]
        for index in stride(from: 0, to: items.count, by: 2) {
            guard let key = items[index].string, let value = items[index + 1].string else { return nil }
            found[key] = value
        }
        return found
    }
}
