import FIX
import Messages
import Units

/// OrdRejReason(103) that we use.
enum OrderRejectReason: Int {
    case broker = 0
    case unknownSymbol = 1
    case exchangeClosed = 2
    case exceedsLimit = 3
    case duplicateOrder = 6
    case unsupported = 11
    case incorrectQuantity = 13
    case other = 99
}

/// CxlRejReason(102) that we use.
enum CancelRejectReason: Int {
    case tooLate = 0
    case unknownOrder = 1
    case duplicateClOrdID = 6
    case other = 99
}

/// What a NewOrderSingle asks for, read as far as it can be read.
struct OrderRequest {
    struct Refusal: Error {
        let reason: OrderRejectReason
        let text: String
    }

    let clOrdID: String
    let reference: String
    let symbol: String
    let side: Side
    let quantity: Quantity
    let type: OrderType
    let limit: Price?
    let timeInForce: TimeInForce
    let claimsReducing: Bool

    /// Refuses what no order can be: the reason and text go into the report.
    init(_ message: Message, clOrdID: String) throws(Refusal) {
        self.clOrdID = clOrdID
        reference = message[.secondaryClOrdID] ?? ""
        symbol = message[.symbol] ?? ""
        claimsReducing = message[.positionEffect] == "C"
        guard let side = message.side else {
            throw Refusal(reason: .unsupported, text: "54: expected 1 or 2, found \(message[.side] ?? "nothing")")
        }
        self.side = side
        guard let type = message.orderType else {
            throw Refusal(reason: .unsupported, text: "40: expected 1 or 2, found \(message[.ordType] ?? "nothing")")
        }
        self.type = type
        guard let timeInForce = message.timeInForce else {
            let found = message[.timeInForce] ?? "nothing"
            throw Refusal(reason: .unsupported, text: "59: expected 0, 3 or 4, found \(found)")
        }
        self.timeInForce = timeInForce
        quantity = try OrderRequest.quantity(message)
        limit = type == .limit ? try OrderRequest.limit(message) : nil
    }

    static func quantity(_ message: Message) throws(Refusal) -> Quantity {
        let maximum = BrokerLimits.quantityMaximum
        guard let quantity = message.quantity(.orderQty), quantity > .zero, quantity <= maximum else {
            let found = message[.orderQty] ?? "nothing"
            let text = "38: expected whole shares, 1 to \(maximum), found \(found)"
            throw Refusal(reason: .incorrectQuantity, text: text)
        }
        return quantity
    }

    static func limit(_ message: Message) throws(Refusal) -> Price {
        let maximum = BrokerLimits.priceMaximum
        guard let limit = message.price(.price), limit > Price(units: 0), limit <= maximum else {
            let found = message[.price] ?? "nothing"
            throw Refusal(reason: .other, text: "44: expected a price above 0, at most \(maximum), found \(found)")
        }
        return limit
    }
}

extension Message {
    /// `nil` for anything but 1 and 2.
    var side: Side? {
        switch self[.side] {
        case "1": .buy
        case "2": .sell
        default: nil
        }
    }

    var orderType: OrderType? {
        switch self[.ordType] {
        case "1": .market
        case "2": .limit
        default: nil
        }
    }

    /// Absent is day, as FIX has it.
    var timeInForce: TimeInForce? {
        switch self[.timeInForce] {
        case nil, "0": .day
        case "3": .ioc
        case "4": .fok
        default: nil
        }
    }
}

extension Side {
    var fix: String { self == .buy ? "1" : "2" }
}

extension OrderType {
    var fix: String { self == .market ? "1" : "2" }
}

extension TimeInForce {
    var fix: String {
        switch self {
        case .day: "0"
        case .ioc: "3"
        case .fok: "4"
        }
    }
}
