import Messages
import Units

// Redis' round trip on the wire, reported beside the gates and judged by none: a flood asks how far it is from decision
// latency, which has no round trip in it. Where a latency fault is in force it is part of the round trip.

extension Scene {
    private static let claimedCount = "risk_governor_redis_roundtrip_seconds_count"
    private static let claimedSum = "risk_governor_redis_roundtrip_seconds_sum"

    /// Of the phase `drive`; `null` for what was not measured.
    var redisRoundTripMeasurements: [JSON.Member] {
        let trips = timeline.redisRoundTrips
        let measured = driving.map { window in trips.lazy.filter { window.contains($0.at) }.map(\.milliseconds).sorted() } ?? []
        let stats = timeline.all("stats").last
        let pings = pingsBesideTheClaim
        return quantiles("redis_round_trip", ascending: measured) + [
            .init("redis_round_trip_maximum_ms", measured.last.map { .real($0) } ?? .null),
            .init("redis_round_trips", .integer(Int64(measured.count))),
            .init("redis_commands", stats?["redis_commands"] ?? .null),
            .init("redis_commands_answered", stats?["redis_answered"] ?? .null),
            .init("redis_connections_given_up", stats?["redis_given_up"] ?? .null),
            .init("redis_ping_mean_ms", pings.map { .real($0.wire) } ?? .null),
            .init("redis_ping_claimed_mean_ms", pings.map { .real($0.claimed) } ?? .null),
            .init("redis_ping_claimed_less_wire_ms", pings.map { .real($0.claimed - $0.wire) } ?? .null),
        ]
    }

    /// The governor's own metric from its first page of `drive` to its last, and the pings that the wire showed between
    /// them. An honest governor reads a reply later than its interface does: it claims a little more, and never less.
    private var pingsBesideTheClaim: (wire: Double, claimed: Double)? {
        guard let window = driving else { return nil }
        let claims = timeline.scrapes.lazy.filter { window.contains($0.stamp.at) }.compactMap { page -> Claim? in
            func value(_ name: String) -> Double? { page.fields.first { $0.key == name }?.value.double }
            guard let count = value(Scene.claimedCount), let sum = value(Scene.claimedSum) else { return nil }
            return Claim(at: page.stamp.at, count: count, sum: sum)
        }
        guard let first = claims.first, let last = claims.last, last.count > first.count else { return nil }
        let pings = timeline.redisRoundTrips.lazy.filter { $0.isPing && $0.at >= first.at && $0.at < last.at }
        let (count, sum) = pings.reduce(into: (0.0, 0.0)) { total, ping in
            total.0 += 1
            total.1 += ping.milliseconds
        }
        guard count > 0 else { return nil }
        return (sum / count, (last.sum - first.sum) * 1_000 / (last.count - first.count))
    }

    private struct Claim {
        let at: Instant
        let count: Double
        let sum: Double
    }
}
