import Crypto
import Messages
import Units

/// Writes observations as lines that each carry the hash of the line before.
package struct Chain: Sendable {
    package static let start = String(repeating: "0", count: 64)

    /// How many lines there are, and the hash of the last one: what a verdict seals.
    package private(set) var count = 0
    package private(set) var head = Chain.start

    package init() {}

    /// Goes on where a history that was read ends.
    package init(continuing history: HistoryReader.Facts) {
        count = history.count
        head = history.head
    }

    /// The next line, LF included.
    package mutating func append(_ observation: Observation) -> [UInt8] {
        var members: [JSON.Member] = [
            .init("i", .integer(Int64(count))), .init("t", .integer(observation.at.nanoseconds)),
            .init("u", .integer(observation.uncertainty.nanoseconds)),
            .init("source", .string(observation.source.rawValue)), .init("type", .string(observation.type)),
        ]
        members += observation.writtenFields
        members.append(.init("prev", .string(head)))
        var line = JSON.object(members).bytes()
        head = hexadecimalSHA256(line)
        count += 1
        line.append(0x0A)
        return line
    }
}

package func hexadecimalSHA256(_ bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    let done: Void? = bytes.withContiguousStorageIfAvailable { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    if done == nil { Array(bytes).withUnsafeBytes { hash.update(bufferPointer: $0) } }
    return hexadecimal(hash.finalize())
}

package func hexadecimalSHA256(_ bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    return hexadecimal(hash.finalize())
}

private func hexadecimal(_ digest: SHA256.Digest) -> String {
    func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
    return String(unsafeUninitializedCapacity: 64) { text in
        digest.withUnsafeBytes { bytes in
            for index in bytes.indices {
                text[2 * index] = digit(bytes[index] >> 4)
                text[2 * index + 1] = digit(bytes[index] & 15)
            }
        }
        return 64
    }
}
