// `plan.ndjson`: a head, the schedule, then one event a line in the order of their due times.

import Messages
import Units

extension Plan {
    package var bytes: [UInt8] {
        let head: JSON = [
            "schema": .string(Plan.schema), "scenario": .string(scenario), "seed": .string(String(seed)),
            "duration_ns": .integer(duration.nanoseconds), "schedule": .integer(Int64(schedule.count)),
            "events": .integer(Int64(events.count)),
        ]
        var out = head.bytes() + [0x0A]
        for line in schedule { out += line.bytes() + [0x0A] }
        for event in events { out += event.json.bytes() + [0x0A] }
        return out
    }

    package init(parsing bytes: [UInt8], file: String) throws(Mistakes) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        func refuse(_ line: Int, _ expected: String, _ found: String) -> Mistakes {
            Mistakes([Mistake(file: file, line: line, text: "expected \(expected), found \(found)")])
        }
        func json(_ index: Int) throws(Mistakes) -> JSON {
            do { return try JSON(parsing: Array(lines[index])) } catch {
                throw refuse(index + 1, "a JSON object", "\(error)")
            }
        }
        guard !lines.isEmpty else { throw refuse(1, "a plan", "an empty file") }
        let head = try json(0)
        guard head["schema"]?.string == Plan.schema, let scenario = head["scenario"]?.string,
            let seed = head["seed"]?.string.flatMap(UInt64.init), let duration = head["duration_ns"]?.integer,
            let scheduled = head["schedule"]?.integer, let count = head["events"]?.integer
        else { throw refuse(1, "the head of a plan (\(Plan.schema))", head.text()) }
        guard scheduled >= 0, count >= 0, Int64(lines.count) == 1 + scheduled + count else {
            throw refuse(lines.count, "\(1 + scheduled + count) lines", "\(lines.count)")
        }
        var schedule: [JSON] = []
        for index in 1..<(1 + Int(scheduled)) { schedule.append(try json(index)) }
        var events: [Event] = []
        events.reserveCapacity(Int(count))
        for index in (1 + Int(scheduled))..<lines.count {
            let line = try json(index)
            do { events.append(try Event(line)) } catch { throw refuse(index + 1, error.expected, error.found) }
            let tick = events[events.count - 1].tick
            guard tick == Int64(events.count) else { throw refuse(index + 1, "tick \(events.count)", "\(tick)") }
        }
        self.init(
            scenario: scenario, seed: seed, duration: .nanoseconds(duration), schedule: schedule, events: events)
    }
}

extension Plan.Event {
    package var tick: Int64 {
        switch content {
        case .depth(let depth): depth.tick
        case .intent(let intent, _): intent.tick
        }
    }

    var json: JSON {
        switch content {
        case .depth(let depth):
            .object(
                [.init("at_ns", .integer(due.nanoseconds))]
                    + (age == .zero ? [] : [.init("age_ns", .integer(age.nanoseconds))])
                    + (whole.map { [.init("whole", $0.json)] } ?? []) + [.init("depth", depth.json)])
        case .intent(let intent, let admissible):
            .object(
                [.init("at_ns", .integer(due.nanoseconds)), .init("admissible", .bool(admissible))] + purpose.members
                    + [.init("intent", intent.json)])
        }
    }

    init(_ json: JSON) throws(MessageError) {
        let reader = MessageReader("plan event", json: json)
        let due = Duration.nanoseconds(try reader.integer("at_ns"))
        if let depth = json["depth"] {
            let age = try reader.optionalInteger("age_ns") ?? 0
            var whole: BookSizes?
            if let sizes = json["whole"] { whole = try BookSizes(sizes) }
            self.init(
                due: due, content: .depth(try Depth(MessageReader("depth", json: depth))), age: .nanoseconds(age),
                whole: whole)
        } else if let intent = json["intent"] {
            let admissible = try reader.bool("admissible")
            guard let purpose = Purpose(purpose: json["purpose"]?.string, deniedFor: json["denied_for"]?.string) else {
                throw reader.failure("purpose", "change, broker_reject, or probe with denied_for")
            }
            self.init(
                due: due, content: .intent(try Intent(MessageReader("intent", json: intent)), admissible: admissible),
                purpose: purpose)
        } else {
            throw reader.failure("depth", "a depth or an intent")
        }
    }
}
