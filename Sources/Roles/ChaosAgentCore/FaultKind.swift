/// What can be done to a node. The raw values are what requests and evidence say.
package enum FaultKind: String, CaseIterable, Sendable, Hashable {
    case latency, loss, disconnect, partition, kill, pause, restart, duplicate, corrupt, reorder, rate
    case dropSocket = "drop-socket"
    case halfOpen = "half-open"
    case linkDown = "link-down"

    /// These exist in netem alone.
    package var needsNetem: Bool { [.duplicate, .corrupt, .reorder, .rate].contains(self) }
    /// These do something to packets in passing: they have a dose that a probe flow can measure.
    package var isDosed: Bool { self == .latency || self == .loss || needsNetem }
    /// These hold every packet: a share of none is as long as their delay.
    package var holds: Bool { self == .latency || self == .reorder }
    /// These concern a share of the packets.
    package var hasShare: Bool { [.duplicate, .corrupt, .reorder].contains(self) }
    /// These act on a process by its number.
    package var concernsProcess: Bool { [.kill, .pause, .restart].contains(self) }
    /// These happen once; nothing stays in force that would have to be taken back.
    package var isMomentary: Bool { [.dropSocket, .kill, .restart].contains(self) }
    /// These need the local port of the sockets that they concern.
    package var needsPort: Bool { [.disconnect, .dropSocket, .halfOpen].contains(self) }
}

package enum DisconnectMode: String, CaseIterable, Sendable, Hashable {
    /// New connection attempts vanish.
    case silent
    /// New connection attempts are answered with a RST.
    case refuse
}

/// How a delay is made on this machine.
package enum Backend: String, CaseIterable, Sendable, Hashable {
    case netem
    case nativeQueue = "nft-queue"
    case queueTarget = "nfqueue"

    /// Whether our own thread holds the packets: then it knows when the first one was held.
    package var hasHolder: Bool { self != .netem }
}
