import Books
import Units

/// How a broker behaves. Everything random in it follows from `seed`.
package struct BrokerSettings: Sendable {
    package var symbols: [String]
    package var fillModel = FillModel.walk
    package var fees = FeeSchedule()
    package var roundTrip = RoundTrip.none
    package var seed: UInt64 = 1
    package var inFlight = InFlight.acknowledgementLost
    /// Whether working orders die with the session, in order or not.
    package var cancelsOnDisconnect = false
    package var injectedRejects = InjectedRejects.none
    package var senderCompID = "BROKER"
    package var targetCompID = "GOVERNOR"
    /// What ExecID and OrderID begin with: another one each time the process starts, so that they stay unique.
    package var incarnation = "1"

    package init(symbols: [String]) { self.symbols = symbols }
}

/// What becomes of requests that were read and not yet judged when the connection died.
package enum InFlight: String, Hashable, Sendable, CaseIterable {
    /// Never reached the broker: forgotten.
    case lost
    /// Accepted at that moment, matched with the next state of the book; the reports wait for the next session.
    case acknowledgementLost = "acknowledgement-lost"
    /// Accepted and matched at that moment; the reports wait for the next session.
    case fillLost = "fill-lost"
}

/// Which new orders are refused although nothing is wrong with them.
package struct InjectedRejects: Hashable, Sendable {
    /// Of a million new orders, drawn by (seed, stream, index of the order).
    package var perMillion: Int64 = 0
    /// SecondaryClOrdID(526) of orders to refuse.
    package var references: Set<String> = []

    package static let none = InjectedRejects()

    package init(perMillion: Int64 = 0, references: Set<String> = []) {
        self.perMillion = perMillion
        self.references = references
    }
}

/// What the broker refuses to hold. Beyond them an order is rejected, not a process lost.
package enum BrokerLimits {
    package static let quantityMaximum = Quantity(shares: 1_000_000)
    package static let priceMaximum = Price(units: 10_000_000_000)
    package static let textMaximum = 64
    /// Ended orders that can still be asked about; of older ones only the ClOrdID is remembered.
    package static let endedOrdersMaximum = 5_000
    /// Connections without a Logon yet, and how long one may stay so.
    package static let strangersMaximum = 16
    package static let logonTimeout = Duration.seconds(10)
}
