// What comes hundreds of times a second is written in typed rows, not in chained objects: one file a stream,
// `samples/<name>.csv`. Everywhere and always: a run with few intents has the same files as one with many.
//
// The chain still vouches for them: when a file is closed, its rows, bytes and hash become a record of the history.

import Units

/// A closed list. A new stream is a case here, its columns, and a line in `docs/verdicts.md`.
package enum SampleStream: String, Hashable, Sendable, CaseIterable {
    /// An intent that the feed sent.
    case feedIntents = "feed_intents"
    /// A depth message that the feed sent, with its best prices and its sizes over all levels.
    case feedDepth = "feed_depth"
    /// The packet with an intent's last byte reached the governor's interface.
    case tapIntents = "tap_intents"
    /// A decision's packet left the governor.
    case tapDecisions = "tap_decisions"
    /// A command of the governor's was answered by Redis: from packet to packet, at the governor's interface.
    case redisRoundTrips = "redis_round_trips"
    /// Redis executed the publication of a decision.
    case redisDecisions = "redis_decisions"
    /// An answer of Redis or PostgreSQL about the governor's positions.
    case storeReads = "store_reads"
    /// Resident and anonymous memory of a process, as the kernel counts it.
    case memory
    /// An order as the governor's store had it after the run.
    case storeOrders = "store_orders"
    /// A fill as the governor's store had it after the run.
    case storeFills = "store_fills"
    /// One scrape of the governor's `/metrics`, at the last byte of the answer, and the watermark that it showed.
    case pipeline

    /// Relative to the run directory.
    package var file: String { "samples/\(rawValue).csv" }

    /// What the cells of a row hold, besides the time and its uncertainty, which are always first.
    package var columns: [SampleColumn] {
        switch self {
        case .feedIntents:
            [
                .integer("tick"), .text("id"), .text("action"), .text("target"), .text("symbol"), .text("side"),
                .integer("quantity", "quantity_shares"), .text("kind"), .integer("limit", "limit_e4"), .text("tif"),
                .truth("reduce_only"), .integer("due_ns"), .truth("admissible"), .text("purpose"), .text("denied_for"),
            ]
        case .feedDepth:
            [
                .integer("tick"), .text("symbol"), .integer("seq"), .integer("due_ns"), .integer("bid", "bid_e4"),
                .integer("ask", "ask_e4"), .text("status"), .integer("bid_levels"), .integer("ask_levels"),
                .integer("bid_shares"), .integer("ask_shares"),
            ]
        case .tapIntents: [.text("id"), .integer("tick")]
        case .tapDecisions: SampleStream.decision
        case .redisRoundTrips: [.integer("conn"), .text("command"), .integer("took_ns")]
        case .redisDecisions: SampleStream.decision + [.text("by")]
        case .storeReads: [.text("store"), .integer("sent_t", "sent_ns"), .text("positions"), .text("versions")]
        case .memory: [.text("name"), .integer("pid"), .integer("rss_kb"), .integer("anon_kb")]
        case .storeOrders:
            [
                .text("cl_ord_id"), .text("orig_cl_ord_id"), .text("reference"), .text("symbol"), .text("side"),
                .integer("quantity", "quantity_shares"), .integer("price", "price_e4"), .text("tif"), .truth("reducing"),
                .integer("epoch"), .text("status"), .integer("cumulative", "cumulative_shares"),
                .integer("leaves", "leaves_shares"), .integer("decided_ns"), .integer("updated_ns"),
            ]
        case .storeFills:
            [
                .text("exec_id"), .text("order_id"), .text("cl_ord_id"), .text("symbol"), .text("side"),
                .integer("quantity", "quantity_shares"), .integer("price", "price_e4"), .truth("adds_liquidity"),
                .integer("at_ns"),
            ]
        case .pipeline: [.integer("due_ns"), .integer("sent_ns"), .truth("ok"), .integer("watermark")]
        }
    }

    private static let decision: [SampleColumn] = [
        .text("intent"), .integer("tick"), .text("action"), .integer("quantity", "quantity_shares"), .text("reason"),
        .integer("epoch"), .text("cl_ord_id"),
    ]

    /// The observations that are written here instead of into the chain.
    package init?(_ source: Observation.Source, _ type: String) {
        switch (source, type) {
        case (.feed, "intent"): self = .feedIntents
        case (.feed, "depth"): self = .feedDepth
        case (.tap, "intent_in"): self = .tapIntents
        case (.tap, "decision_out"): self = .tapDecisions
        case (.tap, "redis_round_trip"): self = .redisRoundTrips
        case (.redis, "decision"): self = .redisDecisions
        case (.rig, "store_read"): self = .storeReads
        case (.scrape, "memory"): self = .memory
        case (.rig, "stored_order"): self = .storeOrders
        case (.rig, "stored_fill"): self = .storeFills
        case (.scrape, "watermark"): self = .pipeline
        default: return nil
        }
    }

    /// The first line of the file, LF included.
    package var header: [UInt8] {
        Array((["t_ns", "u_ns"] + columns.map(\.title)).joined(separator: ",").utf8) + [0x0A]
    }

    var order: Int { SampleStream.allCases.firstIndex(of: self) ?? 0 }
}

/// One column: the observation's field, and its title, which bears the unit. Prices are in 1/10,000 (`_e4`).
package struct SampleColumn: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case integer, text
        /// 0 or 1.
        case truth
    }

    package let field: String
    package let title: String
    package let kind: Kind

    package static func integer(_ field: String, _ title: String? = nil) -> SampleColumn {
        SampleColumn(field: field, title: title ?? field, kind: .integer)
    }
    package static func text(_ field: String) -> SampleColumn { SampleColumn(field: field, title: field, kind: .text) }
    package static func truth(_ field: String) -> SampleColumn { SampleColumn(field: field, title: field, kind: .truth) }
}
