import ArgumentParser
import FeedReplayerCore
import FeedReplayerService
import Glibc
import Scenarios
import Sockets
import Units

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Publishes a plan to Redis.")

    @OptionGroup var source: PlanSource

    @Option(help: "Redis to publish to (host:port).")
    var redis: String

    @Option(help: "Redis ACL user.")
    var redisUser: String?

    @Option(help: "File with the Redis password; without it no AUTH is sent.")
    var redisPasswordFile: String?

    @Option(help: "Where observations are sent (host:port); without it nothing is recorded.")
    var observer: String?

    @Option(help: "When the first phase begins, in ns of the monotonic clock; by default once the lead is over.")
    var startAt: Int64?

    @Option(help: "Times the plan's own pace: 1 as planned, 2 twice as fast. At most two decimals.")
    var speed = "1"

    func run() throws {
        let plan = try source.load()
        let settings = FeedConnections(
            redis: try address(redis, "--redis"), redisUser: redisUser, redisPassword: try password(),
            observer: try observer.map { try address($0, "--observer") })
        guard let factor = Price(decimal: speed), factor.units >= 100, factor.units % 100 == 0,
            factor.units <= 100_000_000
        else { throw Failure.usage("--speed: expected a number from 0.01 to 10000, found '\(speed)'") }
        let percent = Int(factor.units / 100)
        let lead = Duration.nanoseconds(-(plan.events.first?.due.nanoseconds ?? 0) * 100 / Int64(percent))
        let start = startAt.map { Instant(nanoseconds: $0) } ?? Instant.now + lead + .milliseconds(200)
        let reactor: Reactor
        do {
            reactor = try Reactor()
            let feed = FeedReplayer(settings, FeedSchedule(plan, start: start, speedPercent: percent), on: reactor)
            try reactor.onSignal { _ in feed.end() }
            var isComplete = false
            feed.onEnd = { complete in
                isComplete = complete
                reactor.stop()
            }
            feed.start()
            reactor.run()
            complain("feed-replayer: \(feed.summary)")
            guard isComplete else {
                throw Failure.rig(
                    "feed-replayer: not all was sent and recorded: \(feed.problem ?? "the observer is missing")")
            }
        } catch let error as SystemError {
            throw Failure.rig("feed-replayer: \(error)")
        }
    }

    private func address(_ text: String, _ option: String) throws(Failure) -> Address {
        guard let address = Address.resolving(text) else {
            throw .usage("\(option): expected HOST:PORT, found '\(text)'")
        }
        return address
    }

    private func password() throws(Failure) -> String? {
        guard let file = redisPasswordFile else { return nil }
        let bytes = try PlanSource.read(file)
        return String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}

struct MakePlan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Writes the plan of a scenario and a seed to stdout, as NDJSON.")

    @OptionGroup var source: PlanSource

    func run() throws { writeAll(1, try source.load().bytes) }
}

struct Reconstruct: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes minute bars of NVDA on 2023-10-17, invented and pinned to the public daily figures.")

    @Option(help: "Seed of the reconstruction.")
    var seed = BarReconstruction.bundledSeed

    func run() { writeAll(1, Bar.csv(BarReconstruction.nvda.bars(seed: seed))) }
}
