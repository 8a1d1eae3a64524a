import History
import Messages
import Units

// What was read from outside while the drill ran: pages, memory, Redis' buffers.

/// One tick of the feed: depth or intent.
struct OfferedTick: Sendable {
    let number: Int64
    let due: Instant
    let sent: Instant
}

/// What one scrape of the governor's `/metrics` said of the watermark, at the last byte of the answer.
struct WatermarkSeen: Sendable {
    let stamp: Stamp
    /// How long after its time the rig asked.
    let lateness: Duration
    let isAnswered: Bool
    /// `nil`: not on the page.
    let watermark: Int64?
}

/// One whole page of the governor's `/metrics`.
struct ScrapeSeen: Sendable {
    let stamp: Stamp
    let isAnswered: Bool
    let fields: [JSON.Member]

    /// `nil` for another node's page.
    init?(_ seen: Observation, _ stamp: Stamp) {
        guard seen["node"]?.string ?? "governor" == "governor" else { return nil }
        self.stamp = stamp
        isAnswered = seen["ok"]?.bool == true
        fields = isAnswered ? seen.fields : []
    }
}

struct MemorySample: Sendable {
    let at: Instant
    let name: String
    let megabytes: Double
    let record: Place
}

/// One look at all clients of Redis: those for whom something waits.
struct BacklogLook: Sendable {
    struct Waiting: Sendable {
        /// Address and number of the connection.
        let client: String
        let isGovernors: Bool
        let items: Int64
        let bytes: Int64
    }

    let stamp: Stamp
    let waiting: [Waiting]

    init?(_ seen: Observation, _ stamp: Stamp) {
        guard let clients = seen["waiting"]?.array else { return nil }
        self.stamp = stamp
        waiting = clients.map { client in
            Waiting(
                client: client["client"]?.string ?? "unnamed", isGovernors: client["governor"]?.bool ?? true,
                items: client["items"]?.integer ?? 0, bytes: client["bytes"]?.integer ?? 0)
        }
    }
}

/// A command of the governor's and its reply, as the wire showed them.
struct RedisRoundTrip: Sendable {
    /// When the reply's last byte came.
    let at: Instant
    /// Nanoseconds times two, and one for a ping: a truth of its own would widen each of a million rows by eight bytes.
    private let bits: Int64

    init(at: Instant, nanoseconds: Int64, isPing: Bool) {
        self.at = at
        bits = nanoseconds << 1 | (isPing ? 1 : 0)
    }

    var milliseconds: Double { Double(bits >> 1) / 1e6 }
    /// What the contract's `risk_governor_redis_roundtrip_seconds` is about.
    var isPing: Bool { bits & 1 != 0 }
}
