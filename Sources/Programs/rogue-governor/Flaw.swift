/// The promises that can be broken, one at a time. `data/flaws.json` says which gates each must turn.
enum Flaw: String, CaseIterable {
    case ignoresPause = "ignores-pause"
    case flagLate = "flag-late"
    case flagNever = "flag-never"
    case leaksOneOrder = "leaks-one-order"
    case resendsStaleOrders = "resends-stale-orders"
    case flipsThroughZero = "flips-through-zero"
    case neverFlattens = "never-flattens"
    case flattensEarly = "flattens-early"
    case flagWithoutFault = "flag-without-fault"
    case failsOpenWithoutRedis = "fails-open-without-redis"
    case clearsOwnLatch = "clears-own-latch"
    case usesControlNetwork = "uses-control-network"
    case ignoresDrawdown = "ignores-drawdown"
    case ignoresPositionLimit = "ignores-position-limit"
    case rejectsEverything = "rejects-everything"

    var summary: String {
        switch self {
        case .ignoresPause: "raises the flag, and goes on as if both flags were clear"
        case .flagLate: "raises the flag 3 s after it should"
        case .flagNever: "pauses itself, and never sets the flag"
        case .leaksOneOrder: "sends one order 300 ms after the first re-logon, while the flag is set"
        case .resendsStaleOrders: "sends its last orders again after the reconnect"
        case .flipsThroughZero: "flattens by twice the position, then flattens again"
        case .neverFlattens: "never takes latency or a lost broker as a reason to flatten"
        case .flattensEarly: "flattens after 1 s of latency instead of 5 s"
        case .flagWithoutFault: "raises the flag though nothing is wrong"
        case .failsOpenWithoutRedis: "keeps trading on the last flags it read when Redis is gone"
        case .clearsOwnLatch: "clears the critical pause itself once it is flat"
        case .ignoresDrawdown: "goes on buying however much it has lost"
        case .ignoresPositionLimit: "takes any position that its exposure permits"
        case .rejectsEverything: "turns down every intent"
        case .usesControlNetwork: "sends a copy of its orders over the control network"
        }
    }
}
