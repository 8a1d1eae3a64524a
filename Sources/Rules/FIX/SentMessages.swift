/// The application messages of the present numbering, for ResendRequests: the newest `limit` of them.
struct SentMessages: Sendable {
    private let limit: Int
    private var messages: [Int: Message]
    /// No message below this number is kept.
    private var oldest: Int

    init(limit: Int, messages: [Int: Message]) {
        self.limit = limit
        self.messages = messages
        oldest = messages.keys.min() ?? 1
    }

    subscript(seq: Int) -> Message? { messages[seq] }

    mutating func keep(_ message: Message, seq: Int) {
        messages[seq] = message
        while messages.count > limit {
            messages[oldest] = nil
            oldest += 1
        }
    }

    mutating func forget() {
        messages.removeAll()
        oldest = 1
    }
}
