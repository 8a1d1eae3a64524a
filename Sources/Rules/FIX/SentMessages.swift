/// The application messages of the present numbering, for ResendRequests: the newest `limit` of them.
///
/// A number that isn't here was a session message, or an application message that is lost. The two need different
/// answers, so it is known up to which number something is lost that would have been sent again.
struct SentMessages: Sendable {
    private let limit: Int
    private let policy: @Sendable (Message) -> Session.Resend
    private var messages: [Int: Message]
    /// No message below this number is kept.
    private var oldest: Int
    /// At and below it are messages that would be replayed and are not here any more; 0 when there are none.
    private(set) var lostThrough: Int

    init(
        limit: Int, messages: [Int: Message], lostThrough: Int,
        policy: @escaping @Sendable (Message) -> Session.Resend
    ) {
        self.limit = limit
        self.policy = policy
        self.messages = messages
        self.lostThrough = lostThrough
        oldest = messages.keys.min() ?? 1
        dropOldest()
    }

    subscript(seq: Int) -> Message? { messages[seq] }

    mutating func keep(_ message: Message, seq: Int) {
        messages[seq] = message
        dropOldest()
    }

    private mutating func dropOldest() {
        while messages.count > limit {
            if let message = messages.removeValue(forKey: oldest), policy(message) == .replay { lostThrough = oldest }
            oldest += 1
        }
    }

    mutating func forget() {
        messages.removeAll()
        oldest = 1
        lostThrough = 0
    }
}
