import Units

/// One TCP connection of the governor, both directions, and what is spoken on it.
struct WireConnection {
    enum Initiator { case governor, peer, unknown }

    struct Half {
        var stream = ByteStream()
        var fix: FIXSplitter?
        var resp: RESPDecoder?
        /// The first bytes, until it is known whether they are FIX; `nil` once it is.
        var beginning: [UInt8]? = []
        var finished = false
        /// Joined in mid-stream, or behind a hole: the reader must look for a message's beginning.
        var isTorn = false

        mutating func chooseFIX() {
            guard fix == nil else { return }
            var splitter = FIXSplitter()
            if isTorn { splitter.skipHole() }
            fix = splitter
            beginning = nil
        }

        mutating func chooseRESP() {
            guard resp == nil else { return }
            var decoder = RESPDecoder()
            if isTorn { decoder.skipHole() }
            resp = decoder
            beginning = nil
        }

        mutating func skipHole() {
            isTorn = true
            fix?.skipHole()
            resp?.skipHole()
        }
    }

    enum Session {
        case none
        case loggedOn(lastHeard: WallTime)
        /// Nothing heard for too long; the socket may still live.
        case silent
        case over
    }

    let identifier: Int
    let local: Endpoint
    let remote: Endpoint
    let interface: String
    var initiator: Initiator
    var outbound = Half()
    var inbound = Half()
    var session = Session.none
    var isReset = false
    /// When both sides had ended it, or one had reset it.
    var overSince: WallTime?
    /// `nil` where no Redis is spoken to, or where the rig is who speaks.
    var pairing: CommandPairing?

    var isFIX: Bool { outbound.fix != nil || inbound.fix != nil }
    var isOver: Bool { isReset || (outbound.finished && inbound.finished) }

    init(identifier: Int, local: Endpoint, remote: Endpoint, interface: String, initiator: Initiator) {
        self.identifier = identifier
        self.local = local
        self.remote = remote
        self.interface = interface
        self.initiator = initiator
    }

    /// Takes bytes that come next in their direction; says which messages they complete.
    mutating func read(_ bytes: ArraySlice<UInt8>, _ direction: Packet.Direction) -> (
        fix: [WireMessage], resp: [RESPValue]
    ) {
        switch direction {
        case .outbound: WireConnection.read(bytes, &outbound)
        case .inbound: WireConnection.read(bytes, &inbound)
        }
    }

    private static func read(_ bytes: ArraySlice<UInt8>, _ half: inout Half) -> (fix: [WireMessage], resp: [RESPValue])
    {
        var bytes = bytes
        if var beginning = half.beginning, half.fix == nil, half.resp == nil {
            beginning += bytes.prefix(FIXSplitter.mark.count - beginning.count)
            guard beginning.elementsEqual(FIXSplitter.mark.prefix(beginning.count)) else {
                half.beginning = nil
                return ([], [])
            }
            let known = half.beginning?.count ?? 0
            half.beginning = beginning
            guard beginning.count == FIXSplitter.mark.count else { return ([], []) }
            half.chooseFIX()
            bytes = ArraySlice(beginning.prefix(known) + bytes)
        }
        return (half.fix?.receive(bytes) ?? [], half.resp?.receive(bytes) ?? [])
    }
}
