/// Cuts a byte stream into FIX messages.
package struct Decoder: Sendable {
    package enum Result: Hashable, Sendable {
        case message(Message)
        /// Bytes that are no message: bad BodyLength, bad CheckSum, noise. To be ignored.
        case garbled(reason: String, bytes: [UInt8])
    }

    /// Bytes of the stream consumed by the results so far: just after the last one returned.
    package private(set) var offset = 0

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) {}
    package mutating func next() -> Result? { nil }
}

extension Message {
    /// The bytes for the wire, with BodyLength and CheckSum.
    package func encoded() -> [UInt8] { [] }
}
