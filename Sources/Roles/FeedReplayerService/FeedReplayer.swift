// Publishes a plan to Redis, each event on its absolute deadline, and records what was sent and how late.
//
// One thread does it all. Where it is allowed to, it runs with SCHED_FIFO: it is woken for a deadline and at once
// waits for the next. Publishing never waits: bytes that Redis doesn't take lie in the connection, and their number
// is reported.

import Archive
import CLinux
import FeedReplayerCore
import History
import Messages
import Redis
import Scenarios
import Sockets
import Units

package final class FeedReplayer {
    /// Events sent in one turn at most, so that a signal is heard even when all are late.
    private static let batchMaximum = 64
    private static let reconnectAfter = Duration.milliseconds(50)
    private static let confirmationLimit = Duration.seconds(1)
    private static let fifoPriority: Int32 = 10

    private let reactor: Reactor
    private let redis: RedisConnection
    private let evidence: EvidenceSender?
    private var schedule: FeedSchedule
    private var lateness = Lateness()
    private var intents = 0
    private var depths = 0
    /// Due while there was no connection: depth is lost, and said so.
    private var lost = 0
    private var refused = 0
    private var unconfirmed = 0
    private var unsentMaximum = 0
    private var isFifo = false
    private var isEnding = false
    private var hasBegun = false
    /// The first problem with Redis, for the end's report.
    package private(set) var problem: String?
    /// Called once, when everything is sent and recorded. `true`: the record is complete.
    package var onEnd: (_ complete: Bool) -> Void = { _ in }

    package init(_ settings: FeedConnections, _ schedule: FeedSchedule, on reactor: Reactor) {
        self.reactor = reactor
        self.schedule = schedule
        redis = RedisConnection(
            to: settings.redis, user: settings.redisUser, password: settings.redisPassword, on: reactor)
        evidence = settings.observer.map { EvidenceSender(to: $0, name: "feed", node: "feed", on: reactor) }
    }

    /// Begins as soon as Redis answers.
    package func start() {
        isFifo = clinux_thread_fifo(FeedReplayer.fifoPriority) == 0
        _ = clinux_timer_slack_ns(1)
        // Refused to an ordinary user beyond some megabytes; lateness is recorded either way.
        _ = clinux_lock_memory()
        redis.retryAfter = FeedReplayer.reconnectAfter
        redis.onReady = { [unowned self] in begin() }
        redis.onClose = { [unowned self] error in
            if error.kind != .closedHere { problem = problem ?? error.description }
        }
        redis.connect()
    }

    /// Ends in order: nothing more is sent, Redis confirms what was, the record is handed over.
    package func end() {
        guard !isEnding else { return }
        isEnding = true
        awaitConfirmations(until: .now + FeedReplayer.confirmationLimit)
    }

    private func awaitConfirmations(until deadline: Instant) {
        guard redis.isReady, redis.pendingReplies > 0, Instant.now < deadline else {
            // What Redis has not answered by now may have been published, or not.
            unconfirmed = redis.pendingReplies
            redis.close()
            recordEnd()
            guard let evidence else { return finish(complete: true) }
            return evidence.close { [unowned self] complete in finish(complete: complete) }
        }
        reactor.after(.milliseconds(1)) { [unowned self] in awaitConfirmations(until: deadline) }
    }

    /// What was done, for people.
    package var summary: String {
        let p99 = lateness.quantile(perMille: 990).map { "\(microseconds($0)) us" } ?? "none"
        let maximum = lateness.maximum().map { "\(microseconds($0)) us" } ?? "none"
        return "\(intents) intents, \(depths) depths, \(lost) lost, lateness P99 \(p99), maximum \(maximum), "
            + "\(isFifo ? "SCHED_FIFO" : "normal priority")"
    }

    private func microseconds(_ duration: Duration) -> Int64 { duration.nanoseconds / 1_000 }

    private func finish(complete: Bool) {
        onEnd(complete && hasBegun && lost == 0 && refused == 0 && unconfirmed == 0)
    }

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        _ = schedule.begin(at: .now)
        sendDue()
    }

    private func sendDue() {
        guard !isEnding else { return }
        for _ in 0..<FeedReplayer.batchMaximum {
            guard let outgoing = schedule.take(at: .now, wall: .now) else { break }
            publish(outgoing)
        }
        guard let next = schedule.nextDue else { return end() }
        reactor.at(next) { [unowned self] in sendDue() }
    }

    private func publish(_ outgoing: FeedSchedule.Outgoing) {
        guard redis.isReady else {
            lost += 1
            return
        }
        redis.send([Array("PUBLISH".utf8), Array(outgoing.channel.utf8), outgoing.payload]) { [unowned self] result in
            guard case .failure(let error) = result, error.kind != .closedHere else { return }
            refused += 1
            problem = problem ?? error.description
        }
        let sent = Instant.now
        lateness.record(due: outgoing.due, sent: sent)
        unsentMaximum = max(unsentMaximum, redis.unsentBytes)
        if case .depth = outgoing.content { depths += 1 } else { intents += 1 }
        let record = outgoing.record
        evidence?.send(Observation(.feed, record.type, at: sent, record.fields))
    }

    private func recordEnd() {
        func nanoseconds(_ duration: Duration?) -> JSON { .integer(duration?.nanoseconds ?? 0) }
        evidence?.send(
            Observation(
                .feed, "feed_done", at: .now,
                [
                    .init("intents", .integer(Int64(intents))), .init("depths", .integer(Int64(depths))),
                    .init("lateness_p99_ns", nanoseconds(lateness.quantile(perMille: 990))),
                    .init("lateness_p999_ns", nanoseconds(lateness.quantile(perMille: 999))),
                    .init("lateness_max_ns", nanoseconds(lateness.maximum())),
                    .init("skipped_depths", .integer(Int64(schedule.skippedDepths))),
                    .init("lost", .integer(Int64(lost))), .init("refused", .integer(Int64(refused))),
                    .init("unconfirmed", .integer(Int64(unconfirmed))),
                    .init("unsent_max_bytes", .integer(Int64(unsentMaximum))), .init("sched_fifo", .bool(isFifo)),
                    .init("complete", .bool(schedule.isDone)),
                ]))
    }
}
