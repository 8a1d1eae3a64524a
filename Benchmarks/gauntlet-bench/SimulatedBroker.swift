import FIX
import GovernorCore
import Messages
import Units

/// Answers orders as the stub does over the wire: acknowledged after 30 ms, filled later, in one or two parts.
struct SimulatedBroker {
    enum Effect {
        case none
        case trade(symbol: Int, signed: Int64)
    }

    struct Arrival {
        let message: Message
        let symbol: Int
        /// Of the book: nobody pays more, whatever his limit.
        let middle: Price
        /// Steps from the acknowledgement to the last fill.
        let resting: Int
    }

    private struct Resting {
        let symbol: Int
        let middle: Price
        var message: Message
        let orderID: String
        var cumulative: Int64 = 0
    }

    /// 30 ms in steps of 2.5 ms.
    private static let roundTrip = 12

    private var calendar: [Int: [(name: String?, event: Event?, parts: Int64)]] = [:]
    private var orders: [String: Resting] = [:]
    private var executions = 0

    mutating func answer(_ event: Event, at step: Int) { calendar[step, default: []].append((nil, event, 0)) }

    mutating func receive(_ arrival: Arrival, at step: Int) {
        let (message, resting) = (arrival.message, arrival.resting)
        let name = message[.clOrdID] ?? ""
        let answered = step + SimulatedBroker.roundTrip
        switch message.msgType {
        case MsgType.newOrderSingle:
            orders[name] = Resting(
                symbol: arrival.symbol, middle: arrival.middle, message: message, orderID: "b-\(name)")
            report(name, "0", "0", at: answered)
            if resting % 3 == 0 { calendar[answered + resting / 2, default: []].append((name, nil, 2)) }
            calendar[answered + resting, default: []].append((name, nil, 1))
        case MsgType.orderCancelRequest:
            let original = message[.origClOrdID] ?? ""
            guard orders[original] != nil else { return }
            report(original, "4", "4", cancel: name, at: answered)
            orders[original] = nil
        case MsgType.orderCancelReplaceRequest:
            let original = message[.origClOrdID] ?? ""
            guard var order = orders.removeValue(forKey: original) else { return }
            order.message = message
            orders[name] = order
            report(name, "5", "0", original: original, at: answered)
            calendar[answered + resting, default: []].append((name, nil, 1))
        default:
            break
        }
    }

    /// What arrives at this step. A fill is made only now: its order may be gone.
    mutating func due(at step: Int) -> [(event: Event, effect: Effect)] {
        (calendar.removeValue(forKey: step) ?? []).compactMap { entry in
            if let event = entry.event { return (event, .none) }
            return entry.name.flatMap { fill($0, parts: entry.parts) }
        }
    }

    private mutating func fill(_ name: String, parts: Int64) -> (event: Event, effect: Effect)? {
        guard var order = orders[name], let quantity = order.message.quantity(.orderQty)?.shares else { return nil }
        let left = quantity - order.cumulative
        let shares = parts == 1 ? left : left / parts
        guard shares > 0, let limit = order.message.price(.price) else { return nil }
        let isBuy = order.message[.side] == "1"
        order.cumulative += shares
        let isDone = order.cumulative == quantity
        orders[name] = isDone ? nil : order
        var message = execution(order, name, "F", isDone ? "2" : "1")
        message[.lastQty] = "\(shares)"
        message[.lastPx] = (isBuy ? min(limit, order.middle) : max(limit, order.middle)).description
        let signed = isBuy ? shares : -shares
        return Report(message).map { (.report($0), .trade(symbol: order.symbol, signed: signed)) }
    }

    private mutating func report(
        _ name: String, _ execType: String, _ status: String, original: String? = nil, cancel: String? = nil,
        at step: Int
    ) {
        guard let order = orders[name] else { return }
        var message = execution(order, cancel ?? name, execType, status)
        message[.origClOrdID] = cancel == nil ? original : name
        guard let report = Report(message) else { return }
        answer(.report(report), at: step)
    }

    private mutating func execution(_ order: Resting, _ name: String, _ execType: String, _ status: String) -> Message {
        executions += 1
        let quantity = order.message.quantity(.orderQty)?.shares ?? 0
        let isOver = status == "4"
        return Message(
            MsgType.executionReport,
            [
                (.orderID, order.orderID), (.clOrdID, name), (.execID, "x-\(executions)"), (.execType, execType),
                (.ordStatus, status), (.symbol, order.message[.symbol] ?? ""), (.side, order.message[.side] ?? "1"),
                (.orderQty, "\(quantity)"), (.cumQty, "\(order.cumulative)"),
                (.leavesQty, "\(isOver ? 0 : quantity - order.cumulative)"), (.price, order.message[.price] ?? "1"),
                (.positionEffect, order.message[.positionEffect] ?? "O")
            ])
    }

    /// The answer to the first mass status: nothing is open.
    static var emptyStatus: Report {
        let message = Message(
            MsgType.executionReport,
            [
                (.execID, "x-0"), (.execType, "I"), (.ordStatus, "8"), (.massStatusReqID, "status-1-1"),
                (.totNumReports, "0"), (.lastRptRequested, "Y")
            ])
        guard let report = Report(message) else { preconditionFailure("an empty mass status that isn't readable") }
        return report
    }
}
