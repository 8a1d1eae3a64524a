// What Redis tells the observer, on three connections: MONITOR (who wrote what), subscriptions (keyspace events and
// the broker's drop copy), and questions (values at the start, `chaos.events` for dashboards).

import Messages
import ObserverCore
import Redis
import Sockets
import Units

final class RedisWatch {
    var onMonitor: (MonitorLine) -> Void = { _ in }
    /// MONITOR is on, or off again: stretches without it are unknown.
    var onMonitoring: (Bool) -> Void = { _ in }
    var onKeyspace: (_ key: String, _ event: String) -> Void = { _, _ in }
    var onExecution: ([UInt8]) -> Void = { _ in }
    /// An answer, and `version` as it was when the question was asked.
    var onFlag: (_ key: String, _ value: String?, _ version: Int) -> Void = { _, _, _ in }
    var version: () -> Int = { 0 }
    var onState: ([String: String]) -> Void = { _ in }
    /// Clients of the server for whom output waits.
    var onClients: ([JSON]) -> Void = { _ in }
    var onProblem: (String) -> Void = { _ in }

    private(set) var isMonitoring = false
    private(set) var isSubscribed = false
    private static let keyspacePrefix = "__keyspace@0__:"
    private static let retryInterval = Duration.milliseconds(250)
    private let monitor: RedisConnection
    private let subscriber: RedisConnection
    private let questions: RedisConnection
    private var lastProblem = ""
    private var isAskingClients = false
    private let governor: String

    init(_ options: ObserverOptions, on reactor: Reactor) {
        func link() -> RedisConnection {
            let connection = RedisConnection(
                to: options.redis, user: options.redisPassword == nil ? nil : options.redisUser,
                password: options.redisPassword, on: reactor)
            connection.retryAfter = RedisWatch.retryInterval
            return connection
        }
        governor = options.governorAddress
        monitor = link()
        subscriber = link()
        questions = link()
    }

    func open() {
        monitor.onReady = { [unowned self] in
            monitor.monitor { [unowned self] result in monitoring(result) }
        }
        monitor.onPush = { [unowned self] in monitored($0) }
        monitor.onClose = { [unowned self] error in
            if isMonitoring { onMonitoring(false) }
            isMonitoring = false
            problem("MONITOR: \(error)")
        }
        subscriber.onReady = { [unowned self] in
            subscriber.subscribe(
                channels: [Execution.channel], patterns: ["\(RedisWatch.keyspacePrefix)governor.*"]
            ) { [unowned self] result in
                switch result {
                case .success: isSubscribed = true
                case .failure(let error): problem("subscription refused: \(error)")
                }
            }
        }
        subscriber.onPush = { [unowned self] in delivered($0) }
        subscriber.onClose = { [unowned self] error in
            isSubscribed = false
            problem("subscriptions: \(error)")
        }
        questions.onReady = { [unowned self] in askEverything() }
        questions.onClose = { [unowned self] error in problem("questions: \(error)") }
        for connection in [monitor, subscriber, questions] { connection.connect() }
    }

    /// Said once, however often it is tried again.
    private func problem(_ text: String) {
        guard text != lastProblem else { return }
        lastProblem = text
        onProblem(text)
    }

    private func monitoring(_ result: Result<RedisReply, RedisError>) {
        switch result {
        case .failure(let error): problem("MONITOR refused: \(error)")
        case .success:
            isMonitoring = true
            onMonitoring(true)
            askEverything()
        }
    }

    private func monitored(_ push: [RedisReply]) {
        guard let line = push.first?.bytes, MonitorLine.mayMatter(line) else { return }
        guard let parsed = MonitorLine(parsing: line) else { return problem("MONITOR: unreadable line") }
        onMonitor(parsed)
    }

    private func delivered(_ push: [RedisReply]) {
        switch push.first?.string {
        case "message" where push.count == 3: onExecution(push[2].bytes ?? [])
        case "pmessage" where push.count == 4:
            guard let channel = push[2].string, let event = push[3].string else { return }
            onKeyspace(String(channel.dropFirst(RedisWatch.keyspacePrefix.count)), event)
        default: return
        }
    }

    /// The values as they stand. Asked once MONITOR is on, so that no write falls in between.
    private func askEverything() {
        guard isMonitoring, questions.isReady else { return }
        ask(flag: GovernorState.pauseKey)
        ask(flag: GovernorState.criticalPauseKey)
        questions.send(["HGETALL", GovernorState.key]) { [unowned self] reply in
            switch reply {
            case .success(let value): onState(value.pairs ?? [:])
            case .failure(let error): problem("HGETALL \(GovernorState.key): \(error)")
            }
        }
    }

    func ask(flag key: String) {
        let version = version()
        questions.send(["GET", key]) { [unowned self] reply in
            switch reply {
            case .success(let value): onFlag(key, value.string, version)
            case .failure(let error): problem("GET \(key): \(error)")
            }
        }
    }

    /// Unanswered questions are not piled up.
    func askClients() {
        guard questions.isReady, !isAskingClients else { return }
        isAskingClients = true
        questions.send(["CLIENT", "LIST"]) { [unowned self] reply in
            isAskingClients = false
            switch reply {
            case .success(let value): onClients(RedisClients.waiting(value.string ?? "", governor: governor))
            case .failure(let error): problem("CLIENT LIST: \(error)")
            }
        }
    }

    func publish(_ channel: String, _ payload: [UInt8]) {
        guard questions.isReady else { return }
        questions.send([Array("PUBLISH".utf8), Array(channel.utf8), payload])
    }

    func close() {
        for connection in [monitor, subscriber, questions] {
            // An end that is meant is no stretch without MONITOR, and no problem.
            connection.onClose = { _ in }
            connection.close()
        }
    }
}
