// The observer's shell: sockets, files and clocks around `DrillWatch`. One reactor thread; the tap's receive thread
// and the history's sync thread are the only others.

import Archive
import Capture
import Commands
import Glibc
import History
import Messages
import ObserverCore
import Sockets
import Stalls
import Units

package final class ObserverService {
    /// Judges the closed run directory and says the verdict's word: `pass`, `fail`, `inconclusive`.
    package typealias Judge = (_ runDirectory: String) throws -> String

    static let clockInterval = Duration.milliseconds(100)
    static let tickInterval = Duration.milliseconds(20)
    static let backlogInterval = Duration.milliseconds(50)
    static let memoryInterval = Duration.milliseconds(1_000)
    static let waitsInterval = Duration.milliseconds(5)
    /// What is still on its way when the end is asked for: packets in the tap's ring, lines of MONITOR.
    static let drainInterval = Duration.milliseconds(250)

    let options: ObserverOptions
    let reactor: Reactor
    let judge: Judge
    private let hears: (TapPacket) -> Bool
    let history: HistoryFile
    let samples: SampleFiles
    let packets: PacketFile
    let tap: Tap
    let stalls: StallMeter
    let redis: RedisWatch
    let ingest: EvidenceIngest
    let commands: CommandServer
    let scrapes: [MetricsScrape]
    var watch: DrillWatch
    var processes: [String: Int32]
    var governorListener = ListenerWatch()
    var governorWaits = ProcessorWaits()
    var lastWaitsLook: Instant?
    var drops: UInt64 = 0
    private var lastClients: Instant?
    private var someWaited = false
    var ending = Ending.running
    var timers: [Timer] = []
    /// Everything said for people; standard error by default.
    package var say: (String) -> Void = { text in
        let line = Array("observer: \(text)\n".utf8)
        // Nothing can be said about a standard error that refuses.
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    enum Ending {
        case running
        case draining
        case closed
        case judged(String)
        case failed(String)
    }

    /// Opens everything; the tap runs from here on. Throws what the operating system or the archive refused.
    ///
    /// - Parameter hears: which packets of the tap are looked at; all of them. A rig that checks the judge gives
    ///   one that is hard of hearing.
    /// The last value of each scraped series, for who asks by name.
    var lastMetrics: [String: (value: JSON, at: Instant)] = [:]

    package init(
        _ options: ObserverOptions, on reactor: Reactor, hears: @escaping (TapPacket) -> Bool = { _ in true },
        judge: @escaping Judge
    ) throws {
        self.options = options
        self.hears = hears
        self.reactor = reactor
        self.judge = judge
        processes = options.processes
        history = try HistoryFile(creating: "\(options.runDirectory)/history.ndjson", on: reactor)
        samples = try SampleFiles(creating: options.runDirectory, on: reactor)
        packets = try PacketFile(path: "\(options.runDirectory)/orders.pcapng", application: "gauntlet observer")
        ingest = try EvidenceIngest(at: options.ingest, on: reactor)
        let address = ingest.address ?? options.ingest
        var rig: Set = [Endpoint(host: address.host, port: address.port)]
        if options.tapNamespace == nil { rig.insert(Endpoint(host: options.redis.host, port: options.redis.port)) }
        watch = DrillWatch(
            tap: TapDecoder.Configuration(
                brokerPort: options.brokerPort, redisPort: options.redis.port, marketInterface: options.marketInterface,
                rig: rig),
            governor: options.governorAddress, conductor: options.conductorAddress, store: options.storeAddress)
        stalls = try StallMeter()
        tap = try Tap(namespace: options.tapNamespace, on: reactor)
        redis = RedisWatch(options, on: reactor)
        scrapes = options.scrapes.map { MetricsScrape($0, on: reactor) }
        commands = try CommandServer(at: options.commands, token: options.token, on: reactor)
        start()
    }

    package var ingestAddress: Address? { ingest.address }

    private func start() {
        sampleClock()
        tap.onPacket = { [unowned self] in receive($0) }
        ingest.onObservation = { [unowned self] in perform(watch.evidence($0)) }
        ingest.onGap = { [unowned self] in gap($0, $1, $2) }
        commands.onRequest = { [unowned self] in command($0) }
        commands.onGone = { [unowned self] _ in conductorLost() }
        history.onFailure = { [unowned self] in say("history: \($0)") }
        samples.onFailure = { [unowned self] in say("samples: \($0)") }
        listenToRedis()
        timers = [
            reactor.every(ObserverService.clockInterval) { [unowned self] in sampleClock() },
            reactor.every(ObserverService.tickInterval) { [unowned self] in
                perform(watch.tick(monotonic: .now, wall: .now))
            },
            reactor.every(ObserverService.memoryInterval) { [unowned self] in
                sampleMemory()
                lookForTheGovernor()
                checkDrops()
                flushPackets()
            },
            reactor.every(ObserverService.backlogInterval) { [unowned self] in redis.askClients() },
            reactor.every(ObserverService.waitsInterval) { [unowned self] in lookAtItsWaits() },
        ]
        for scrape in scrapes {
            scrape.onPage = { [unowned self] in scraped($0) }
            scrape.onWatermark = { [unowned self] in store(Observation(.scrape, "watermark", at: $0, $1)) }
        }
        scrapeNext(due: .now)
    }

    /// On absolute deadlines, however late this one was.
    private func scrapeNext(due: Instant) {
        guard case .running = ending else { return }
        for scrape in scrapes { scrape.scrape(due: due) }
        let next = due + options.scrapeInterval
        // After a stall the requests that were due meanwhile are not made up for: they would all see the same.
        let late = Instant.now - next
        let missed = late > .zero ? late.nanoseconds / options.scrapeInterval.nanoseconds : 0
        let due = next + options.scrapeInterval * Int(missed)
        reactor.at(due) { [unowned self] in scrapeNext(due: due) }
    }

    /// Only looks at which something waits are worth a record each; the others once a second.
    private func lookedAtClients(_ waiting: [JSON]) {
        let isDue = lastClients.map { Instant.now - $0 >= .seconds(1) } ?? true
        guard !waiting.isEmpty || someWaited || isDue else { return }
        lastClients = .now
        someWaited = !waiting.isEmpty
        record(.scrape, "redis_clients", [.init("waiting", .array(waiting))])
    }

    private func scraped(_ fields: [JSON.Member]) {
        record(.scrape, "metrics", fields)
        // Stop conditions are about the governor; others have series of the same name.
        guard fields.contains(.init("node", "governor")) else { return }
        let now = Instant.now
        for field in fields where field.value.double != nil { lastMetrics[field.key] = (field.value, now) }
    }

    private func listenToRedis() {
        redis.onClients = { [unowned self] in lookedAtClients($0) }
        redis.onMonitor = { [unowned self] in perform(watch.monitor($0)) }
        redis.onMonitoring = { [unowned self] isOn in
            record(.redis, "monitor", [.init("event", .string(isOn ? "on" : "off"))])
        }
        redis.onKeyspace = { [unowned self] in perform(watch.keyspace(key: $0, event: $1, at: .now)) }
        redis.onExecution = { [unowned self] in perform(watch.dropCopy($0)) }
        redis.onFlag = { [unowned self] key, value, version in
            // A write that MONITOR showed after the question makes the answer old news.
            guard version == watch.flags.version else { return }
            let isKnown = watch.flags.flags[FlagLog.shortName(key)] != nil
            perform(
                isKnown
                    ? watch.found(flag: key, value: value, at: .now) : watch.begin(flag: key, value: value, at: .now))
        }
        redis.version = { [unowned self] in watch.flags.version }
        redis.onState = { [unowned self] in if watch.flags.state.isEmpty { watch.begin(state: $0) } }
        redis.onProblem = { [unowned self] in say("redis: \($0)") }
        redis.open()
    }

    // MARK: what arrives

    private func receive(_ packet: TapPacket) {
        guard hears(packet) else { return }
        let name = tap.name(of: packet.interface)
        let (directives, keep) = watch.receive(
            Packet(
                stamp: packet.stamp, interface: name, direction: packet.isOutgoing ? .outbound : .inbound,
                networkOffset: packet.networkOffset, bytes: packet.bytes, originalLength: packet.originalLength))
        perform(directives)
        guard keep else { return }
        do { try packets.append(packet, interfaceName: name) } catch { say("\(error)") }
    }

    func sampleClock() {
        // The pair that took least time is the one least disturbed.
        var best: ClockMap.Sample?
        for _ in 0..<4 {
            let before = Instant.now
            let wall = WallTime.now
            let width = Instant.now - before
            let sample = ClockMap.Sample(
                monotonic: before + .nanoseconds(width.nanoseconds / 2), wall: wall,
                bound: .nanoseconds(width.nanoseconds / 2 + 1))
            if best.map({ sample.bound < $0.bound }) ?? true { best = sample }
        }
        if let best { perform(watch.sample(best)) }
    }

    private func sampleMemory() {
        for (name, pid) in processes.sorted(by: { $0.key < $1.key }) {
            guard let memory = ProcessMemory.read(pid: pid) else { continue }
            record(
                .scrape, "memory",
                [
                    .init("name", .string(name)), .init("pid", .integer(Int64(pid))),
                    .init("rss_kb", .integer(memory.residentKiB)), .init("anon_kb", .integer(memory.anonymousKiB)),
                ])
        }
    }

    private func checkDrops() {
        do {
            let dropped = try tap.statistics().dropped
            if dropped > drops { say("the tap dropped \(dropped - drops) packets: the evidence is no longer complete") }
            drops = dropped
        } catch { say("\(error)") }
    }

    /// What waits in memory is what a crash would lose.
    private func flushPackets() {
        do { try packets.flush() } catch { say("\(error)") }
    }

    private func gap(_ source: String, _ expected: String, _ found: String) {
        say("evidence gap: \(source): expected \(expected), found \(found)")
        record(
            .rig, "evidence_gap",
            [.init("source", .string(source)), .init("expected", .string(expected)), .init("found", .string(found))])
    }

    // MARK: what is done

    func record(_ source: Observation.Source, _ type: String, _ fields: [JSON.Member]) {
        store(Observation(source, type, at: .now, fields))
    }

    func store(_ observation: Observation) {
        switch ending {
        case .running, .draining: break
        case .closed, .judged, .failed: return
        }
        // The first refusal is told by `onFailure`, and `finish` answers with it.
        guard history.failure == nil, samples.failure == nil else { return }
        do {
            guard let stream = SampleStream(observation.source, observation.type) else {
                return try history.append(observation)
            }
            if try !samples.append(stream, observation) {
                gap(observation.source.rawValue, "the columns of \(stream.file)", "other fields in \(observation.type)")
            }
        } catch { return }
    }

    func perform(_ directives: [Directive]) {
        for directive in directives {
            switch directive {
            case .record(let observation): store(observation)
            case .announce(let text): say(text)
            case .alarm(var observation, let text):
                say(text)
                observation.fields.append(.init("announced_t", .integer(Instant.now.nanoseconds)))
                store(observation)
            case .publish(let channel, let payload): redis.publish(channel, payload)
            case .ask(let key): redis.ask(flag: key)
            case .follow(let name, let pid): processes[name] = pid
            }
        }
    }
}
