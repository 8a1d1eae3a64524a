import Books
import Glibc
import Messages
import Scenarios
import Testing
import Units

import GovernorCore

/// The shipped burst against the reference governor, no fill of it known yet: the most that can be open at once.
@Suite struct BurstTests {
    private struct Missing: Error { let path: String }

    private static func bytes(_ path: String) throws -> [UInt8] {
        guard let real = realpath(#filePath, nil) else { throw Missing(path: #filePath) }
        defer { free(real) }
        let root = String(cString: real).split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
        guard let file = fopen("\(root)/\(path)", "r") else { throw Missing(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    /// Every decision about the plan's intents, by intent.
    private static func decisions(seed: UInt64) throws -> [(event: Plan.Event, intent: Intent, decision: Decision)] {
        let file = "chaos/concurrent_order_burst.yaml"
        let limits = try bytes("data/limits-burst.json")
        let scenario = try Scenario(yaml: bytes(file), file: file, limits: JSON(parsing: limits))
        let topology = try Topology(yaml: bytes("topology/local.yaml"), file: "topology/local.yaml")
        let tapes = TapeShelf { (file) throws(Mistakes) in
            // A tape that isn't there is for the plan to complain about.
            (try? Self.bytes(file)).map { TapeSource(file: file, bytes: $0) }
        }
        let plan = try Plan(scenario, on: topology, seed: seed, tapes: tapes)
        let start = try #require(scenario.start(of: .drive))
        var governor = Governor(
            Governor.Settings(limits: try Limits(parsing: limits), fees: FeeSchedule(), symbols: scenario.symbols))
        var bench = Bench.ready()
        swap(&bench.governor, &governor)
        bench.hear(.recovered(Recovered()))
        bench.keys()
        bench.hear(.session(.loggedOn))
        bench.finishStatus()
        var found: [(Plan.Event, Intent, Decision)] = []
        let zero = bench.now
        for event in plan.events where event.due <= start {
            bench.now = zero + event.due + scenario.feed.lead
            bench.keys()
            switch event.content {
            case .depth(let depth):
                bench.hear(
                    .depth(
                        Depth(
                            sequence: depth.sequence, symbol: depth.symbol, tick: depth.tick, sent: bench.wall,
                            due: bench.wall, status: depth.status, bids: depth.bids, asks: depth.asks)))
            case .intent(let intent, _):
                let decided = bench.decide(intent)
                found.append((event, intent, try #require(decided)))
                if event.purpose == .load { bench.hear(.durable([intent.id])) }
            }
        }
        return found
    }

    @Test(arguments: [UInt64(1), 7, 23])
    func `an honest governor accepts every change and denies every probe for its own reason`(_ seed: UInt64) throws {
        let all = try Self.decisions(seed: seed)
        #expect(all.count == 60 + 50 + 10 + 25)
        for (event, intent, decision) in all {
            switch event.purpose {
            case .probe(let reason):
                #expect(decision.action == .reject && decision.reason == reason, "\(intent.id): \(decision.reason)")
            case .load, .change, .brokerReject:
                #expect(decision.action == .accept, "\(intent.id): \(decision.reason)")
            }
        }
    }
}
