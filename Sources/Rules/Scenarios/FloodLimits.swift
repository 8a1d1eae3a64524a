import Messages
import Units

/// The limits that a flood is built against, taken from the scenario's own overrides, so that the file shows them
/// beside the load that breaks them.
struct FloodLimits: Hashable, Sendable {
    let openingEquity: Int64
    let orderQuantity: Int64
    let orderNotional: Int64
    let position: Int64
    let grossExposure: Int64
    let netExposure: Int64
    let openNotional: Int64
    let ordersPerSecond: Int64
    let exitsPerSecond: Int64
    let duplicateWindow: Duration
    let repeatedOrders: Int64
    let repeatWindow: Duration
    let collarBasisPoints: Int64

    static let keys = [
        "opening_equity", "max_order_quantity", "max_order_notional", "max_position", "max_gross_exposure_bp",
        "max_net_exposure_bp", "max_open_notional", "max_orders_per_second", "max_exits_per_second",
        "duplicate_window_ms", "max_repeated_orders", "repeat_window_ms", "price_collar_bp",
    ]

    static func missing(_ overrides: [JSON.Member]) -> [String] {
        keys.filter { key in !overrides.contains { $0.key == key } }
    }

    /// `nil` when one of the keys is missing.
    init?(_ overrides: [JSON.Member]) {
        let values = FloodLimits.keys.compactMap { key in overrides.first { $0.key == key }?.value.integer }
        guard values.count == FloodLimits.keys.count else { return nil }
        openingEquity = values[0]
        orderQuantity = values[1]
        orderNotional = values[2]
        position = values[3]
        grossExposure = values[0] / 10_000 * values[4]
        netExposure = values[0] / 10_000 * values[5]
        openNotional = values[6]
        ordersPerSecond = values[7]
        exitsPerSecond = values[8]
        duplicateWindow = .milliseconds(values[9])
        repeatedOrders = values[10]
        repeatWindow = .milliseconds(values[11])
        collarBasisPoints = values[12]
    }
}
