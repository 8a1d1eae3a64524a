import Archive
import Commands
import Messages
import ObserverCore
import Sockets
import Stalls
import Units

extension ObserverService {
    /// A conductor that is gone this long doesn't come back: the evidence is closed, readable, and judged by nobody.
    static let conductorMaximum = Duration.milliseconds(5_000)

    func command(_ request: CommandServer.Request) {
        switch request.word {
        case "status": request.reply(status + [.init("metrics", metrics(request.json["metrics"]))])
        case "finish": finish(request)
        default:
            request.refuse(CommandError("'command'", "expected status or finish, found '\(request.word)'"))
        }
    }

    private var status: [JSON.Member] {
        let ready: JSON = [
            "tap": true, "redis": .bool(redis.isSubscribed), "monitor": .bool(redis.isMonitoring),
        ]
        return watch.status + [
            .init("history", .integer(Int64(history.count))), .init("dropped", .integer(Int64(drops))),
            .init("holes", .integer(Int64(watch.tap.counters.holes))), .init("ready", ready),
        ]
    }

    /// Of the series that were asked for, those that have been seen: value and monotonic instant.
    private func metrics(_ names: JSON?) -> JSON {
        let known = (names?.array ?? []).compactMap(\.string).compactMap { name in
            lastMetrics[name].map { JSON.Member(name, ["value": $0.value, "t": .integer($0.at.nanoseconds)]) }
        }
        return .object(known)
    }

    private func finish(_ request: CommandServer.Request) {
        switch ending {
        case .judged(let verdict): return request.reply([.init("verdict", .string(verdict))])
        case .failed(let reason): return request.refuse(CommandError("finish", reason))
        case .draining, .closed: return request.refuse(CommandError("finish", "already finishing"))
        case .running: break
        }
        ending = .draining
        reactor.after(ObserverService.drainInterval) { [unowned self] in
            do {
                try close()
                let verdict = try judge(options.runDirectory)
                ending = .judged(verdict)
                request.reply([.init("verdict", .string(verdict))])
            } catch {
                ending = .failed("\(error)")
                say("\(error)")
                request.refuse(CommandError("finish", "\(error)"))
            }
        }
    }

    /// Ends the evidence in order; what is on disk afterwards is readable and chained to its last line.
    private func close() throws {
        for timer in timers { timer.cancel() }
        recordStalls(stalls.stop())
        let statistics = try tap.statistics()
        let isRealTime = tap.hasRealTimePriority
        perform([watch.statistics(dropped: Int(statistics.dropped), isRealTime: isRealTime, at: .now)])
        tap.close()
        ingest.close()
        redis.close()
        for scrape in scrapes { scrape.close() }
        // Each one is closed, whatever the others say: what is on disk must be readable.
        var failures: [any Error] = []
        do { try closeSamples() } catch { failures.append(error) }
        ending = .closed
        do { try packets.flush() } catch { failures.append(error) }
        do { try history.close() } catch { failures.append(error) }
        if let first = failures.first { throw first }
    }

    /// Where a gate is not decidable because something was late, this says whether the machine was.
    private func recordStalls(_ seen: StallMeter.Report) {
        let longest = seen.log.kept.sorted { $0.at < $1.at }.map { stall -> JSON in
            ["t": .integer(stall.at.nanoseconds), "lasted_ns": .integer(stall.lasted.nanoseconds)]
        }
        record(
            .rig, "stalls",
            [
                .init("interval_ns", .integer(StallLog.interval.nanoseconds)),
                .init("threshold_ns", .integer(StallLog.threshold.nanoseconds)),
                .init("count", .integer(Int64(seen.log.count))), .init("total_ns", .integer(seen.log.total.nanoseconds)),
                .init("longest_ns", .integer(seen.log.longest.nanoseconds)), .init("longest", .array(longest)),
                .init("sched_fifo", .bool(seen.isRealTime)), .init("used_ns", .integer(seen.used.nanoseconds)),
                .init("ran_ns", .integer(seen.ran.nanoseconds)),
            ])
    }

    /// The chain vouches for every sample file: from here on a changed row is as easy to find as a changed record.
    private func closeSamples() throws {
        if let failure = samples.failure { throw failure }
        for seal in try samples.close() {
            record(
                .rig, "samples",
                [
                    .init("file", .string(seal.file)), .init("rows", .integer(Int64(seal.rows))),
                    .init("bytes", .integer(seal.bytes)), .init("sha256", .string(seal.sha256)),
                ])
        }
    }

    func conductorLost() {
        guard case .running = ending else { return }
        reactor.after(ObserverService.conductorMaximum) { [unowned self] in
            guard !commands.isConnected, case .running = ending else { return }
            say("the conductor is gone for \(ObserverService.conductorMaximum.written): closing the evidence")
            stop()
        }
    }

    /// Closes what is open and ends the reactor's run.
    package func stop() {
        switch ending {
        case .running, .draining:
            record(.rig, "aborted", [.init("reason", "the observer was stopped before the end of the run")])
            do { try close() } catch { say("\(error)") }
        case .closed, .judged, .failed: break
        }
        commands.close()
        reactor.stop()
    }
}
