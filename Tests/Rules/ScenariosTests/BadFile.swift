import Testing

/// One way to break a good file, and what must be said about it: all of it, in this order.
struct BadFile: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let expected: [String]

    init(_ old: String, _ new: String, _ expected: [String]) {
        self.old = old
        self.new = new
        self.expected = expected
    }

    var testDescription: String { "'\(old)' → '\(new)'" }

    /// The broken file. `nil` when the good one doesn't hold `old`, so that no case tests nothing.
    func broken(_ good: String) -> [UInt8]? {
        guard let start = good.indices.first(where: { good[$0...].hasPrefix(old) }) else { return nil }
        return Array((good[..<start] + new + good[start...].dropFirst(old.count)).utf8)
    }
}

let goodScenario = """
    name: small
    description: A drill for tests
    certifying: false
    symbols:
      - {symbol: NVDA, tape: data/bars.csv}
    feed:
      depth_interval: 50ms
    load:
      intents_per_second: 100
    governor:
      limits: data/limits.json
    broker:
      fill_model: walk
    phases:
      - {name: warm-up, duration: 2s}
      - {name: fault, duration: 10s}
      - {name: after, duration: 5s}
    faults:
      - id: slow
        kind: latency
        from: everyone
        to: governor
        delay: 250ms
        duration: 4s
        at: {phase: fault}
      - id: cut
        kind: disconnect
        from: governor
        to: broker
        port: 9878
        duration: 2s
        after: {in_force: slow, within: 50ms}
    operator:
      unpause: {phase: warm-up}
      resumes:
        - {fault: slow, earliest: 5s, latest: 9s}
    gates:
      - {name: evidence_complete, kind: always}
      - {name: faults_proven, kind: always}
      - {name: leftovers, kind: never}
      - {name: pause_flag_delay, kind: within, threshold: 2s, premises: [faults_proven]}
      - {name: position_flattening_triggered, kind: within, threshold: 5s..7s}
      - {name: orders_flow_after_resume, kind: sometimes, threshold: 10}

    """

let goodTopology = """
    name: small
    mode: build
    networks: {market: 10.0.0.0/24, control: 10.0.1.0/24}
    interfaces: {market: market, control: control}
    nodes:
      - {name: feed, market: 10.0.0.1, control: 10.0.1.1, agent: /run/feed.sock}
      - {name: broker, market: 10.0.0.2, control: 10.0.1.2, agent: /run/broker.sock}
      - {name: governor, market: 10.0.0.3, control: 10.0.1.3, agent: /run/governor.sock}
      - {name: store, market: 10.0.0.4, control: 10.0.1.4, agent: /run/store.sock}
      - {name: observer, control: 10.0.1.5}
      - {name: conductor, control: 10.0.1.6}
    ports: {redis: 6379}

    """

let goodBars = """
    timestamp,open,high,low,close,volume
    2023-10-17T13:30:00Z,440,441,439,440.5,1000
    2023-10-17T13:31:00Z,440.5,442,440,441,900

    """

let goodMessages = """
    34200.1,1,11,18,5853300,1
    34200.2,4,11,18,5853300,1

    """

let goodBooks = """
    5859400,200,5853300,18
    5859400,200,5853000,150

    """
