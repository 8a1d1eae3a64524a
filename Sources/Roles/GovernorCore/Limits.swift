import Messages
import Units

/// What an order may be at most: read from `GAUNTLET_LIMITS`, fixed for the life of the process.
///
/// Every limit is inclusive: at the limit passes, one more is denied. Loosening one needs a restart.
package struct Limits: Hashable, Sendable {
    package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
        package let mistakes: [String]
        package var description: String { "limits: " + mistakes.joined(separator: "; ") }
    }

    /// 1/10,000 of the quote currency; the base of everything in basis points.
    package var openingEquity = Money(units: 10_000_000_000)
    package var maxOrderQuantity = Quantity(shares: 1_000)
    package var maxOrderNotional = Money(units: 5_000_000_000)
    package var maxPosition = Quantity(shares: 2_000)
    package var maxGrossExposureBasisPoints: Int64 = 10_000
    package var maxNetExposureBasisPoints: Int64 = 10_000
    package var maxOpenOrders: Int64 = 200
    package var maxOpenNotional = Money(units: 10_000_000_000)
    package var maxOrdersPerSecond: Int64 = 500
    package var maxExitsPerSecond: Int64 = 200
    package var maxCancelsPerSecond: Int64 = 500
    package var duplicateWindow: Duration = .milliseconds(5)
    package var maxRepeatedOrders: Int64 = 50
    package var repeatWindow: Duration = .milliseconds(1_000)
    package var priceCollarBasisPoints: Int64 = 500
    package var maxQuoteAge: Duration = .milliseconds(500)
    package var maxDailyLossBasisPoints: Int64 = 400
    package var maxDrawdownBasisPoints: Int64 = 800

    package init() {}

    package var maxGrossExposure: Money { openingEquity.share(maxGrossExposureBasisPoints) }
    package var maxNetExposure: Money { openingEquity.share(maxNetExposureBasisPoints) }
    package var maxDailyLoss: Money { openingEquity.share(maxDailyLossBasisPoints) }
}

extension Limits {
    /// One row of the file: its name, its unit, the smallest legal value, and where it goes.
    package struct Key: Sendable {
        package let name: String
        package let unit: String
        package let minimum: Int64
        package let scope: String
        let get: @Sendable (Limits) -> Int64
        let set: @Sendable (inout Limits, Int64) -> Void
    }

    package static let keys: [Key] = [
        Key("opening_equity", "1/10,000", 1, "account", { $0.openingEquity.units }) {
            $0.openingEquity = Money(units: $1)
        },
        Key("max_order_quantity", "shares", 1, "order", { $0.maxOrderQuantity.shares }) {
            $0.maxOrderQuantity = Quantity(shares: $1)
        },
        Key("max_order_notional", "1/10,000", 1, "order", { $0.maxOrderNotional.units }) {
            $0.maxOrderNotional = Money(units: $1)
        },
        Key("max_position", "shares", 0, "symbol", { $0.maxPosition.shares }) { $0.maxPosition = Quantity(shares: $1) },
        Key("max_gross_exposure_bp", "basis points", 0, "account", { $0.maxGrossExposureBasisPoints }) {
            $0.maxGrossExposureBasisPoints = $1
        },
        Key("max_net_exposure_bp", "basis points", 0, "account", { $0.maxNetExposureBasisPoints }) {
            $0.maxNetExposureBasisPoints = $1
        },
        Key("max_open_orders", "orders", 0, "account", { $0.maxOpenOrders }) { $0.maxOpenOrders = $1 },
        Key("max_open_notional", "1/10,000", 0, "account", { $0.maxOpenNotional.units }) {
            $0.maxOpenNotional = Money(units: $1)
        },
        Key("max_orders_per_second", "messages", 1, "account", { $0.maxOrdersPerSecond }) {
            $0.maxOrdersPerSecond = $1
        },
        Key("max_exits_per_second", "messages", 1, "account", { $0.maxExitsPerSecond }) { $0.maxExitsPerSecond = $1 },
        Key("max_cancels_per_second", "messages", 1, "account", { $0.maxCancelsPerSecond }) {
            $0.maxCancelsPerSecond = $1
        },
        Key("duplicate_window_ms", "milliseconds", 0, "content", { $0.duplicateWindow.nanoseconds / 1_000_000 }) {
            $0.duplicateWindow = .milliseconds($1)
        },
        Key("max_repeated_orders", "orders", 1, "content", { $0.maxRepeatedOrders }) { $0.maxRepeatedOrders = $1 },
        Key("repeat_window_ms", "milliseconds", 0, "content", { $0.repeatWindow.nanoseconds / 1_000_000 }) {
            $0.repeatWindow = .milliseconds($1)
        },
        Key("price_collar_bp", "basis points", 0, "order", { $0.priceCollarBasisPoints }) {
            $0.priceCollarBasisPoints = $1
        },
        Key("max_quote_age_ms", "milliseconds", 1, "symbol", { $0.maxQuoteAge.nanoseconds / 1_000_000 }) {
            $0.maxQuoteAge = .milliseconds($1)
        },
        Key("max_daily_loss_bp", "basis points", 0, "account", { $0.maxDailyLossBasisPoints }) {
            $0.maxDailyLossBasisPoints = $1
        },
        Key("max_drawdown_bp", "basis points", 0, "account", { $0.maxDrawdownBasisPoints }) {
            $0.maxDrawdownBasisPoints = $1
        },
    ]

    /// Exactly the keys above, each an integer: an unknown, missing or illegal one is named, all mistakes at once.
    package init(parsing bytes: [UInt8]) throws(Problem) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw Problem(mistakes: ["expected a JSON object, found \(error)"])
        }
        guard let members = json.members else { throw Problem(mistakes: ["expected a JSON object"]) }
        var mistakes: [String] = []
        for member in members where !Limits.keys.contains(where: { $0.name == member.key }) {
            mistakes.append("unknown key '\(member.key)'")
        }
        for key in Limits.keys {
            guard let value = json[key.name] else {
                mistakes.append("missing key '\(key.name)' (\(key.unit))")
                continue
            }
            guard let number = value.integer, number >= key.minimum, number <= Limits.valueMaximum else {
                mistakes.append("'\(key.name)': expected an integer of at least \(key.minimum), found \(value.text())")
                continue
            }
            key.set(&self, number)
        }
        guard mistakes.isEmpty else { throw Problem(mistakes: mistakes) }
    }

    /// Far above any account, and low enough that no sum of limits overflows 64 bits.
    static let valueMaximum: Int64 = 1 << 56

    package var json: JSON { .object(Limits.keys.map { JSON.Member($0.name, .integer($0.get(self))) }) }
}

extension Limits.Key {
    init(
        _ name: String, _ unit: String, _ minimum: Int64, _ scope: String, _ get: @escaping @Sendable (Limits) -> Int64,
        _ set: @escaping @Sendable (inout Limits, Int64) -> Void
    ) {
        self.init(name: name, unit: unit, minimum: minimum, scope: scope, get: get, set: set)
    }
}

extension Money {
    /// Basis points of this amount, towards zero; saturates, which is the stricter side for a limit.
    func share(_ basisPoints: Int64) -> Money {
        let product = units.multipliedFullWidth(by: basisPoints)
        let (quotient, _) = (Int64(10_000)).dividingFullWidthClamped(product)
        return Money(units: quotient)
    }
}

extension Int64 {
    /// `dividend / self`, clamped to 64 bits instead of trapping.
    fileprivate func dividingFullWidthClamped(_ dividend: (high: Int64, low: UInt64)) -> (Int64, exact: Bool) {
        let high = dividend.high.magnitude
        guard high < self.magnitude / 2 else { return (dividend.high < 0 ? .min : .max, false) }
        return (self.dividingFullWidth(dividend).quotient, true)
    }
}
