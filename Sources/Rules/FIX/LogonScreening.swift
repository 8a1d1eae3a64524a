/// The door of an acceptor with several sessions: reads the first message of a connection and says whose it is.
///
/// A second Logon of an identity that has a live session is refused here, before any session sees it, and without
/// an answer: an answer would use up a number of the session that is alive.
package struct LogonScreening: Sendable {
    /// As the peer writes it: `sender` is the peer, `target` is us.
    package struct Identity: Hashable, Sendable {
        package let sender: String
        package let target: String

        package init(sender: String, target: String) {
            self.sender = sender
            self.target = target
        }
    }

    package enum Outcome: Hashable, Sendable {
        case waiting
        /// Hand `bytes` to that session's `received`, after `connected`.
        case identified(Identity, bytes: [UInt8])
        /// Close without a word.
        case refused(reason: String)
    }

    /// More than any Logon takes.
    package static let bytesMaximum = 8_192

    private var bytes: [UInt8] = []
    private var decoder = Decoder()

    package init() {}

    package mutating func received(
        _ piece: some Collection<UInt8>, known: Set<Identity>, live: Set<Identity>
    ) -> Outcome {
        bytes.append(contentsOf: piece)
        decoder.append(piece)
        while let result = decoder.next() {
            guard case .message(let message) = result else { continue }
            let identity = Identity(sender: message.header.sender, target: message.header.target)
            let name = "\(identity.sender) to \(identity.target)"
            guard message.msgType == MsgType.logon else { return .refused(reason: "first message is not a Logon") }
            guard known.contains(identity) else { return .refused(reason: "no session for \(name)") }
            guard !live.contains(identity) else { return .refused(reason: "\(name) is already logged on") }
            return .identified(identity, bytes: bytes)
        }
        if bytes.count > Self.bytesMaximum {
            return .refused(reason: "no Logon in the first \(bytes.count) bytes")
        }
        return .waiting
    }
}
