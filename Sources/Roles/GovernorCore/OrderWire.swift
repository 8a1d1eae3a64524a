import FIX
import Messages
import Units

/// The application messages that a governor sends, field by field.
enum OrderWire {
    static func new(_ order: TrackedOrder, at wall: WallTime) -> Message {
        var message = Message(
            MsgType.newOrderSingle,
            [
                (.clOrdID, order.clOrdID), (.secondaryClOrdID, order.reference), (.handlInst, "1"),
                (.symbol, order.symbol), (.side, code(order.side)), (.transactTime, Timestamp.written(wall)),
                (.orderQty, order.quantity.description), (.ordType, "2"), (.price, order.price.description),
                (.timeInForce, code(order.timeInForce)),
            ])
        message[.positionEffect] = order.reducing ? "C" : "O"
        return message
    }

    static func cancel(_ order: TrackedOrder, clOrdID: String, reference: String, at wall: WallTime) -> Message {
        Message(
            MsgType.orderCancelRequest,
            [
                (.origClOrdID, order.clOrdID), (.clOrdID, clOrdID), (.secondaryClOrdID, reference),
                (.symbol, order.symbol), (.side, code(order.side)), (.transactTime, Timestamp.written(wall)),
                (.orderQty, order.quantity.description),
            ])
    }

    static func replace(_ order: TrackedOrder, with change: TrackedOrder.Replacement, at wall: WallTime) -> Message {
        Message(
            MsgType.orderCancelReplaceRequest,
            [
                (.origClOrdID, order.clOrdID), (.clOrdID, change.clOrdID), (.secondaryClOrdID, change.reference),
                (.handlInst, "1"), (.symbol, order.symbol), (.side, code(order.side)),
                (.transactTime, Timestamp.written(wall)), (.orderQty, change.quantity.description), (.ordType, "2"),
                (.price, change.price.description), (.timeInForce, code(order.timeInForce)),
                (.positionEffect, order.reducing ? "C" : "O"),
            ])
    }

    /// Every order of this governor, when it is killed.
    static func cancelEverything(clOrdID: String, at wall: WallTime) -> Message {
        Message(
            MsgType.orderMassCancelRequest,
            [
                (.clOrdID, clOrdID), (.secondaryClOrdID, clOrdID), (.massCancelRequestType, "7"),
                (.transactTime, Timestamp.written(wall)),
            ])
    }

    static func statusOfEverything(id: String) -> Message {
        Message(MsgType.orderMassStatusRequest, [(.massStatusReqID, id), (.massStatusReqType, "7")])
    }

    private static func code(_ side: Side) -> String { side == .buy ? "1" : "2" }

    private static func code(_ timeInForce: TimeInForce) -> String {
        switch timeInForce {
        case .day: "0"
        case .ioc: "3"
        case .fok: "4"
        }
    }
}
