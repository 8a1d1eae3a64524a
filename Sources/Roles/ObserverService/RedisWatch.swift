// What Redis tells the observer, on three connections: MONITOR (who wrote what), subscriptions (keyspace events and
// the broker's drop copy), and questions (values at the start, `chaos.events` for dashboards).

import Messages
import ObserverCore
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
    var onProblem: (String) -> Void = { _ in }

    private(set) var isMonitoring = false
    private(set) var isSubscribed = false
    private static let keyspacePrefix = "__keyspace@0__:"
    private let monitor: RedisLink
    private let subscriber: RedisLink
    private let questions: RedisLink
    private var asked: [(RESPValue) -> Void] = []
    private var lastProblem = ""

    init(_ options: ObserverOptions, on reactor: Reactor) {
        func link() -> RedisLink {
            RedisLink(options.redis, user: options.redisUser, password: options.redisPassword, on: reactor)
        }
        monitor = link()
        subscriber = link()
        questions = link()
    }

    func open() {
        monitor.onReady = { [unowned self] in monitor.send(["MONITOR"]) }
        monitor.onValue = { [unowned self] in monitored($0) }
        monitor.onLost = { [unowned self] reason in
            if isMonitoring { onMonitoring(false) }
            isMonitoring = false
            problem("MONITOR: \(reason)")
        }
        subscriber.onReady = { [unowned self] in
            subscriber.send(["SUBSCRIBE", Execution.channel])
            subscriber.send(["PSUBSCRIBE", "\(RedisWatch.keyspacePrefix)governor.*"])
        }
        subscriber.onValue = { [unowned self] in delivered($0) }
        subscriber.onLost = { [unowned self] reason in
            isSubscribed = false
            problem("subscriptions: \(reason)")
        }
        questions.onValue = { [unowned self] value in
            guard !asked.isEmpty else { return }
            asked.removeFirst()(value)
        }
        questions.onReady = { [unowned self] in askEverything() }
        questions.onLost = { [unowned self] reason in
            asked = []
            problem("questions: \(reason)")
        }
        for link in [monitor, subscriber, questions] {
            link.onRefused = { [unowned self] in problem($0) }
            link.open()
        }
    }

    /// Said once, however often it is tried again.
    private func problem(_ text: String) {
        guard text != lastProblem else { return }
        lastProblem = text
        onProblem(text)
    }

    private func monitored(_ value: RESPValue) {
        switch value {
        case .simple(let line) where MonitorLine.mayMatter(line):
            guard let parsed = MonitorLine(parsing: line) else { return problem("MONITOR: unreadable line") }
            onMonitor(parsed)
        case .simple where !isMonitoring:
            isMonitoring = true
            onMonitoring(true)
            askEverything()
        case .error(let text): problem("MONITOR refused: \(String(decoding: text, as: UTF8.self))")
        default: return
        }
    }

    private func delivered(_ value: RESPValue) {
        guard let elements = value.elements, let kind = elements.first?.text else {
            if case .error(let text) = value {
                problem("subscription refused: \(String(decoding: text, as: UTF8.self))")
            }
            return
        }
        switch kind {
        case "psubscribe": isSubscribed = true
        case "message" where elements.count == 3: onExecution(elements[2].bytes ?? [])
        case "pmessage" where elements.count == 4:
            guard let channel = elements[2].text, let event = elements[3].text else { return }
            onKeyspace(String(channel.dropFirst(RedisWatch.keyspacePrefix.count)), event)
        default: return
        }
    }

    /// The values as they stand. Asked once MONITOR is on, so that no write falls in between.
    private func askEverything() {
        guard isMonitoring, questions.isReady else { return }
        ask(flag: GovernorState.pauseKey)
        ask(flag: GovernorState.criticalPauseKey)
        question(["HGETALL", GovernorState.key]) { [unowned self] value in
            let words = value.elements?.compactMap(\.text) ?? []
            var state: [String: String] = [:]
            for index in stride(from: 0, to: words.count - 1, by: 2) { state[words[index]] = words[index + 1] }
            onState(state)
        }
    }

    func ask(flag key: String) {
        let version = version()
        question(["GET", key]) { [unowned self] value in
            if case .error(let text) = value { return problem("GET \(key): \(String(decoding: text, as: UTF8.self))") }
            onFlag(key, value.text, version)
        }
    }

    private func question(_ command: [String], _ answer: @escaping (RESPValue) -> Void) {
        guard questions.isReady else { return }
        asked.append(answer)
        questions.send(command)
    }

    func publish(_ channel: String, _ payload: [UInt8]) {
        guard questions.isReady else { return }
        asked.append { _ in }
        questions.send([Array("PUBLISH".utf8), Array(channel.utf8), payload])
    }

    func close() {
        for link in [monitor, subscriber, questions] { link.close() }
    }
}
