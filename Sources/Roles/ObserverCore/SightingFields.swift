import History
import Messages
import Units

extension Sighting {
    /// The observation of the catalogue: source `tap`.
    package func observation(_ clock: ClockMap) -> Observation {
        let (at, uncertainty) = clock.instant(of: stamp)
        let (type, fields) = typeAndFields
        return Observation(.tap, type, at: at, uncertainty: uncertainty, fields)
    }

    private var typeAndFields: (String, [JSON.Member]) {
        let conn = JSON.Member("conn", .integer(Int64(connection)))
        let place = [conn, JSON.Member("interface", .string(interface))]
        switch event {
        case .order(let order):
            return ("order_left", place + order.fields)
        case .fix(let message, let direction):
            return (direction == .inbound ? "fix_in" : "fix_out", [conn] + message.summary)
        case .tcp(let what):
            let ends = [JSON.Member("local", .string("\(local)")), JSON.Member("remote", .string("\(remote)"))]
            return ("tcp", place + [.init("event", .string(what))] + ends)
        case .logon(let resumed):
            return ("logon", [conn, .init("resumed", .bool(resumed))])
        case .logout(let reason):
            return ("logout", [conn, .init("reason", .string(reason))])
        case .intent(let id, let tick):
            return ("intent_in", [.init("id", id), .init("tick", tick)])
        case .decision(let json):
            let keys = ["intent", "tick", "action", "quantity", "reason", "epoch", "cl_ord_id"]
            return ("decision_out", keys.map { .init($0, json[$0] ?? .null) })
        case .roundTrip(let command, let took):
            return (
                "redis_round_trip",
                [conn, .init("command", .string(command)), .init("took_ns", .integer(took.nanoseconds))]
            )
        case .secondPath(let what):
            return ("second_path", place + [.init("what", .string(what)), .init("remote", .string("\(remote)"))])
        }
    }
}

extension WireMessage {
    /// What history keeps of a session message, or of one that came in. Prices in 1/10,000.
    package var summary: [JSON.Member] {
        var members: [JSON.Member] = [
            .init("msg_type", .string(type)), .init("seq", .optional(integer(34))),
            .init("poss_dup", .bool(self[43] == "Y"))
        ]
        func text(_ name: String, _ tag: Int) {
            if let value = self[tag] { members.append(.init(name, .string(value))) }
        }
        func number(_ name: String, _ tag: Int) {
            if let value = self[tag].flatMap({ Price(decimal: $0) }) {
                members.append(.init(name, .integer(value.units / Price.scale)))
            }
        }
        text("cl_ord_id", 11)
        text("orig_cl_ord_id", 41)
        text("reference", 526)
        text("symbol", 55)
        text("exec_type", 150)
        text("ord_status", 39)
        text("exec_id", 17)
        number("leaves", 151)
        number("cum", 14)
        number("last_quantity", 32)
        if let price = self[31].flatMap({ Price(decimal: $0) }) {
            members.append(.init("last_price", .integer(price.units)))
        }
        text("test_req_id", 112)
        number("begin_seq", 7)
        number("end_seq", 16)
        number("new_seq", 36)
        text("gap_fill", 123)
        text("reset_seq", 141)
        text("mass_status_req_id", 584)
        text("mass_status_req_type", 585)
        number("reports_total", 911)
        text("last_report", 912)
        text("text", 58)
        return members
    }
}
