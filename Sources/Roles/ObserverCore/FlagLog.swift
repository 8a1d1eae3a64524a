// Who wrote which flag, when, as the Redis server executed it. Fed by MONITOR; keyspace events add what has no
// command line (expiry, eviction), and anything they tell that MONITOR didn't is asked for.

import Messages
import Units

package struct FlagLog: Sendable {
    package enum Event: Hashable, Sendable {
        /// `value` is `true`, `false`, `absent` or what else was written.
        case flag(key: String, value: String, by: String, command: String)
        case state([String: String], by: String)
        case decision([UInt8], by: String)
        case command(String, by: String)
    }

    package struct Entry: Hashable, Sendable {
        package let at: WallTime
        /// Half-width of what is not known about `at`: MONITOR writes microseconds, a keyspace event has no time.
        package let bound: Duration
        package let event: Event

        init(at: WallTime, bound: Duration = .nanoseconds(1_000), event: Event) {
            self.at = at
            self.bound = bound
            self.event = event
        }
    }

    /// What has no time of the server's own is stamped as it arrives.
    static let arrivalBound = Duration.nanoseconds(5_000_000)

    package static let absent = "absent"
    static let flagKeys = [GovernorState.pauseKey, GovernorState.criticalPauseKey]

    /// Short names, as the catalogue has them: `pause`, `critical_pause`.
    package private(set) var flags: [String: String] = [:]
    /// The fields of `governor.state`.
    package private(set) var state: [String: String] = [:]
    private let governor: String
    private let conductor: String
    /// Who runs the script whose commands MONITOR shows as `lua`.
    private var scriptCaller = "lua"
    /// Grows with each change of a flag: an answer that was asked for before one is stale.
    package private(set) var version = 0

    /// - Parameters: the hosts whose writes bear the names `governor` and `operator`.
    package init(governor: String, conductor: String) {
        self.governor = governor
        self.conductor = conductor
    }

    /// What a GET or HGETALL answered at the start: not an event, only what later writes change.
    package mutating func begin(flag key: String, value: String?) {
        flags[FlagLog.shortName(key)] = value ?? FlagLog.absent
    }
    package mutating func begin(state: [String: String]) { self.state = state }

    package static func shortName(_ key: String) -> String {
        key.hasPrefix("governor.") ? String(key.dropFirst("governor.".count)) : key
    }

    package func writer(_ client: String) -> String {
        guard let colon = client.lastIndex(of: ":") else { return client }
        let host = client[..<colon]
        if host == governor { return "governor" }
        return host == conductor ? "operator" : client
    }

    package mutating func receive(_ line: MonitorLine) -> [Entry] {
        guard let command = line.text(0)?.uppercased() else { return [] }
        let isScript = ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"].contains(command)
        if isScript { scriptCaller = writer(line.client) }
        let by = line.client == "lua" ? scriptCaller : writer(line.client)
        let key = line.text(1) ?? ""
        var events: [Event] = []
        switch command {
        case "SET", "GETSET", "SETNX", "SETEX", "PSETEX", "MSET", "DEL", "UNLINK", "GETDEL", "FLUSHALL", "FLUSHDB":
            for (flag, value) in written(command, line) {
                flags[FlagLog.shortName(flag)] = value
                version += 1
                events.append(.flag(key: FlagLog.shortName(flag), value: value, by: by, command: command))
            }
            events += otherKeys(command, key, line, by)
        case "HSET" where key == GovernorState.key, "HMSET" where key == GovernorState.key:
            for index in stride(from: 2, to: line.arguments.count - 1, by: 2) {
                state[line.text(index) ?? ""] = line.text(index + 1) ?? ""
            }
            events.append(.state(state, by: by))
        case "HINCRBY" where key == GovernorState.key:
            guard let field = line.text(2), let step = line.text(3).flatMap({ Int64($0) }) else { break }
            state[field] = String((state[field].flatMap { Int64($0) } ?? 0) &+ step)
            events.append(.state(state, by: by))
        case "PUBLISH" where key == Decision.channel:
            events.append(.decision(line.arguments.count > 2 ? line.arguments[2] : [], by: by))
        default: break
        }
        return events.map { Entry(at: line.at, event: $0) }
    }

    private mutating func otherKeys(_ command: String, _ key: String, _ line: MonitorLine, _ by: String) -> [Event] {
        if command == "SET", key == GovernorState.commandKey { return [.command(line.text(2) ?? "", by: by)] }
        let deletes =
            ["DEL", "UNLINK"].contains(command) && line.arguments.dropFirst().contains(Array(GovernorState.key.utf8))
        guard deletes || command.hasPrefix("FLUSH"), !state.isEmpty else { return [] }
        state = [:]
        return [.state([:], by: by)]
    }

    /// The flags that this command really changed: a conditional SET is decided by what is known to be there.
    private func written(_ command: String, _ line: MonitorLine) -> [(String, String)] {
        func isPresent(_ key: String) -> Bool { (flags[FlagLog.shortName(key)] ?? FlagLog.absent) != FlagLog.absent }
        let key = line.text(1) ?? ""
        switch command {
        case "DEL", "UNLINK", "GETDEL":
            let keys = Set(line.arguments.dropFirst().map { String(decoding: $0, as: UTF8.self) })
            return FlagLog.flagKeys.filter { keys.contains($0) && isPresent($0) }.map { ($0, FlagLog.absent) }
        case "FLUSHALL", "FLUSHDB":
            return FlagLog.flagKeys.filter(isPresent).map { ($0, FlagLog.absent) }
        case "MSET":
            return stride(from: 1, to: line.arguments.count - 1, by: 2).compactMap { index in
                guard let name = line.text(index), FlagLog.flagKeys.contains(name) else { return nil }
                return (name, line.text(index + 1) ?? "")
            }
        default:
            guard FlagLog.flagKeys.contains(key) else { return [] }
            let options = Set(line.arguments.dropFirst(3).map { String(decoding: $0, as: UTF8.self).uppercased() })
            if (command == "SETNX" || options.contains("NX")) && isPresent(key) { return [] }
            if command == "SET", options.contains("XX"), !isPresent(key) { return [] }
            let position = command == "SETEX" || command == "PSETEX" ? 3 : 2
            return [(key, line.text(position) ?? "")]
        }
    }

    /// A keyspace event: channel `__keyspace@0__:KEY`, message the name of what happened.
    /// `ask` when it tells of a change that no command of MONITOR explains.
    package mutating func keyspace(key: String, event: String, at: WallTime) -> (entries: [Entry], ask: Bool) {
        guard FlagLog.flagKeys.contains(key) else { return ([], false) }
        switch event {
        case "expired", "evicted":
            let name = FlagLog.shortName(key)
            flags[name] = FlagLog.absent
            version += 1
            return (
                [
                    Entry(
                        at: at, bound: FlagLog.arrivalBound,
                        event: .flag(key: name, value: FlagLog.absent, by: "redis", command: event))
                ], false
            )
        case "set", "del", "expire": return ([], false)
        default: return ([], true)
        }
    }

    /// The answer to what was asked for: recorded when it differs from what is known.
    package mutating func found(key: String, value: String?, at: WallTime) -> [Entry] {
        let name = FlagLog.shortName(key)
        let value = value ?? FlagLog.absent
        guard flags[name] != value else { return [] }
        flags[name] = value
        return [
            Entry(
                at: at, bound: FlagLog.arrivalBound,
                event: .flag(key: name, value: value, by: "unknown", command: "read"))
        ]
    }

    /// The contract's rule: only the word `false` lets orders pass, on both flags.
    package var isPaused: Bool {
        FlagLog.flagKeys.contains { flags[FlagLog.shortName($0)] != "false" }
    }
}

extension FlagLog.Event {
    /// Type and fields of the observation, source `redis`.
    package var typeAndFields: (String, [JSON.Member]) {
        switch self {
        case .flag(let key, let value, let by, let command):
            return (
                "flag",
                [
                    .init("key", .string(key)), .init("value", .string(value)), .init("by", .string(by)),
                    .init("command", .string(command))
                ]
            )
        case .state(let state, let by):
            func number(_ name: String) -> JSON { .optional(state[name].flatMap { Int64($0) }) }
            return (
                "state",
                [
                    .init("state", .optional(state["state"])), .init("epoch", number("epoch")),
                    .init("reason", .optional(state["reason"])), .init("since_ns", number("since_ns")),
                    .init("by", .string(by))
                ]
            )
        case .decision(let payload, let by):
            let json = (try? JSON(parsing: payload)) ?? .null  // Unreadable: an outcome with every field null.
            let keys = ["intent", "tick", "action", "quantity", "reason", "epoch", "cl_ord_id"]
            return ("decision", keys.map { JSON.Member($0, json[$0] ?? .null) } + [.init("by", .string(by))])
        case .command(let value, let by):
            return ("command", [.init("value", .string(value)), .init("by", .string(by))])
        }
    }
}
