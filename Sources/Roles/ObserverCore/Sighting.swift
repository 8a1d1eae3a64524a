import Messages
import Units

/// Something that the tap understood, with the kernel's stamp of the packet that completed it.
package struct Sighting: Sendable {
    package enum Event: Sendable {
        /// An application message that left the governor for the first time.
        case order(Order)
        case fix(WireMessage, Packet.Direction)
        case tcp(String)
        case logon(resumed: Bool)
        case logout(String)
        case intent(id: JSON, tick: JSON)
        case decision(JSON)
        /// A command to Redis was answered; the stamp is that of the packet with the reply's last byte.
        case roundTrip(_ command: String, Duration)
        /// An order, or a connection of the governor's own, where none may be.
        case secondPath(String)
    }

    /// A message that can move the book: what `order_left` records.
    package struct Order: Hashable, Sendable {
        package var type: String
        package var sequence: Int64?
        package var possDup: Bool
        package var clOrdID: String
        package var origClOrdID: String?
        /// SecondaryClOrdID(526): the intent, or `flatten-<n>`.
        package var reference: String?
        package var symbol: String?
        package var side: Side?
        package var quantity: Quantity?
        package var price: Price?
        /// PositionEffect(77)=C was claimed.
        package var claimsReducing: Bool
    }

    package let stamp: WallTime
    package let connection: Int
    package let interface: String
    package let local: Endpoint
    package let remote: Endpoint
    package let event: Event
}

extension Sighting.Order {
    /// Session messages, and questions that change nothing: everything else that leaves is an order.
    package static let harmless: Set<String> = ["0", "1", "2", "3", "4", "5", "A", "H", "AF", "j"]

    package init(_ message: WireMessage) {
        type = message.type
        sequence = message.integer(34)
        possDup = message[43] == "Y"
        clOrdID = message[11] ?? ""
        origClOrdID = message[41]
        reference = message[526]
        symbol = message[55]
        side =
            switch message[54] {
            case "1", "3": .buy
            case "2", "4", "5", "6": .sell
            default: nil
            }
        quantity = message[38].flatMap { Price(decimal: $0) }.map { Quantity(shares: $0.units / Price.scale) }
        price = message[44].flatMap { Price(decimal: $0) }
        claimsReducing = message[77] == "C"
    }

    package var fields: [JSON.Member] {
        [
            .init("msg_type", .string(type)), .init("seq", .optional(sequence)), .init("poss_dup", .bool(possDup)),
            .init("cl_ord_id", .string(clOrdID)), .init("orig_cl_ord_id", .optional(origClOrdID)),
            .init("reference", .optional(reference)), .init("symbol", .optional(symbol)),
            .init("side", .optional(side?.rawValue)), .init("quantity", .optional(quantity?.shares)),
            .init("price", .optional(price?.units)), .init("reducing", .bool(claimsReducing)),
            .init("retransmit", .bool(false))
        ]
    }
}
