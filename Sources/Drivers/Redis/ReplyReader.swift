import CHiredis

/// Bytes in, replies out: hiredis' parser, owned. No pointer leaves this file.
final class ReplyReader {
    struct Malformed: Error { let detail: String }

    /// An unfinished answer beyond this is refused: it must not eat our memory.
    static let unfinishedMaximum = 64 << 20

    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreate() else { preconditionFailure("redis: no memory for a reply reader") }
        self.reader = reader
    }

    deinit { redisReaderFree(reader) }

    func feed(_ bytes: ArraySlice<UInt8>) throws(Malformed) {
        let status = bytes.withUnsafeBytes { raw in
            redisReaderFeed(reader, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        guard status == REDIS_OK else { throw Malformed(detail: failure) }
        let unread = reader.pointee.len - reader.pointee.pos
        guard unread <= ReplyReader.unfinishedMaximum else {
            throw Malformed(detail: "an answer beyond \(ReplyReader.unfinishedMaximum) bytes")
        }
    }

    /// The next complete reply, `nil` when the bytes so far hold none.
    func next() throws(Malformed) -> RedisReply? {
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw Malformed(detail: failure) }
        guard let raw else { return nil }
        defer { freeReplyObject(raw) }
        return convert(raw.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private var failure: String {
        withUnsafeBytes(of: &reader.pointee.errstr) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private func convert(_ reply: redisReply) -> RedisReply {
        switch reply.type {
        case REDIS_REPLY_STATUS: .status(String(decoding: bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_ERROR: .error(String(decoding: bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_STRING: .text(Array(bytes(of: reply)))
        case REDIS_REPLY_INTEGER: .integer(reply.integer)
        case REDIS_REPLY_ARRAY:
            .array((0..<reply.elements).map { reply.element[$0].map { convert($0.pointee) } ?? .null })
        default: .null
        }
    }

    private func bytes(of reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: reply.len)
    }
}
