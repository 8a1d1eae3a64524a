// Publishes executions in order, and none is left out: what Redis has not answered yet is published again after a
// reconnect. A reader may see an execution twice, under one sequence number, and never a hole.

import Messages
import Redis
import Sockets
import Units

final class DropCopy {
    /// Executions kept while Redis is away; beyond it the oldest are given up, which the reader sees as a gap.
    static let waitingMaximum = 100_000
    /// Commands in flight.
    static let windowMaximum = 1_000
    static let retryAfter = Duration.nanoseconds(100_000_000)

    private(set) var givenUp: Int64 = 0
    /// Answered by Redis, in this process.
    private(set) var confirmed: Int64 = 0
    private let connection: RedisConnection
    private var waiting: [[UInt8]] = []
    private var start = 0
    /// Of the waiting ones, the first so many are in flight.
    private var inFlight = 0
    /// Tells answers of an earlier connection from those of the present one.
    private var epoch = 0

    init(_ settings: BrokerServiceSettings, on reactor: Reactor) {
        connection = RedisConnection(
            to: settings.redis, user: settings.redisUser, password: settings.redisPassword, on: reactor)
        connection.retryAfter = DropCopy.retryAfter
        connection.onReady = { [weak self] in self?.resume() }
        connection.onClose = { [weak self] _ in self?.interrupt() }
    }

    var isConnected: Bool { connection.isReady }
    var waitingCount: Int { waiting.count - start }

    func connect() { connection.connect() }

    func close() { connection.close() }

    func publish(_ line: [UInt8]) {
        if waitingCount >= DropCopy.waitingMaximum, inFlight == 0 {
            start += 1
            givenUp += 1
            confirmed += 1
        }
        waiting.append(line)
        pump()
    }

    private func resume() {
        epoch += 1
        inFlight = 0
        pump()
    }

    private func interrupt() {
        epoch += 1
        inFlight = 0
    }

    private func pump() {
        guard connection.isReady else { return }
        let epoch = epoch
        while inFlight < min(waitingCount, DropCopy.windowMaximum), connection.isReady, epoch == self.epoch {
            let line = waiting[start + inFlight]
            inFlight += 1
            connection.send([Array("PUBLISH".utf8), Array(Execution.channel.utf8), line]) { [weak self] result in
                guard let self, epoch == self.epoch, case .success = result else { return }
                answered()
            }
        }
    }

    /// Redis answers in order, so it is always the first one.
    private func answered() {
        waiting[start] = []
        start += 1
        confirmed += 1
        inFlight -= 1
        if start == waiting.count || start >= 4_096 {
            waiting.removeFirst(start)
            start = 0
        }
        pump()
    }
}
