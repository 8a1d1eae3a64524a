// The mix of a decision flood: of ten intents two are admissible, one cancels, and seven break exactly one limit each.
//
// What is admissible, and which limit an intent breaks, is known when the plan is made. For that the generator keeps the
// governor's surroundings where it can predict them: some symbols are held at a fixed position from the start, others
// trade small amounts in runs of buys and sells that lie further apart than the broker's round trip, resting orders are
// cancelled in the order of their coming. `FloodOracle` says what the limits make of an order within those bounds; what
// it can't tell for certain is not sent.
//
// Limits on pace are broken in stages of their own, since nothing else may be accepted meanwhile: a quiet second, as
// many openings as a second allows, then probes, then quiet until the first of them is old.

import Messages
import Units

struct FloodMix {
    struct Planned {
        var intent: Intent
        var admissible: Bool
        /// The one limit that it breaks, as the reason that the contract gives for it.
        var breaks: Decision.Reason?
    }

    struct Resting {
        var id: String
        var place: Int
        var price: Int64
        var shares: Int64
        var at: Duration
    }

    enum Stage { case steady, quiet, burst, probes }

    /// One large order that rests for a while: beside it open notional is the limit that breaks first.
    struct Heavy {
        var id: String
        var shares: Int64
        var notional: Int64
        var placed: Duration
        var cancelled: Duration?
    }

    let load: LoadSettings
    let limits: FloodLimits
    let books: [SymbolSource]
    let isShadow: Bool
    /// Places in `books`.
    let held: [Int]
    let traded: [Int]
    let draws: SeededDraw

    var now: Duration = .zero
    var states: [BookState?]
    var count = 0
    var resting: [Resting] = []
    var gone: [Resting] = []
    var bought: [Int: [(quantity: Int64, at: Duration)]] = [:]
    var outstanding: [Int: Int64] = [:]
    var heavy: Heavy?
    var pendingBase: [(place: Int, shares: Int64)] = []
    var lastBase: Duration?
    var contents = 0
    var accepted: FloodContents
    var burstSent: Int64 = 0
    var exits: [Duration] = []
    var repeats: (cycle: Int64, model: Intent?, sent: [Duration]) = (-1, nil, [])
    var twin: (intent: Intent, at: Duration)?
    var denied: [String] = []
    /// By place in `reasons`.
    var used = [Int](repeating: 0, count: FloodMix.reasons.count)
    private var surroundings: FloodOracle?

    static let baseSlice: Int64 = 100
    static let baseInterval = Duration.milliseconds(70)
    /// After the last order of the base: what it fills is known by then.
    static let settled = Duration.milliseconds(700)
    /// An order is certainly working, or certainly gone, after this.
    static let certainAfter = Duration.milliseconds(300)
    static let restsFor = Duration.milliseconds(400)
    static let deniedMemory = 400

    init(_ load: LoadSettings, _ limits: FloodLimits, books: [SymbolSource], isShadow: Bool, seed: UInt64) {
        self.load = load
        self.limits = limits
        self.books = books
        self.isShadow = isShadow
        accepted = FloodContents(limits)
        held = books.indices.filter { books[$0].held != 0 && books[$0].condition == .trading }
        traded = books.indices.filter { books[$0].held == 0 && books[$0].condition == .trading }
        draws = SeededDraw(seed: seed, stream: "flood")
        states = Array(repeating: nil, count: books.count)
        // In turn, so that long and short grow together: one alone would exceed the net exposure.
        var left = held.map { books[$0].held }
        while !isShadow, left.contains(where: { $0 != 0 }) {
            for index in left.indices where left[index] != 0 {
                let slice = min(abs(left[index]), FloodMix.baseSlice) * left[index].signum()
                pendingBase.append((held[index], slice))
                left[index] -= slice
            }
        }
    }

    /// The next intent, `at` after the load's start; `states` are the books at that moment.
    mutating func next(at: Duration, states: [BookState?]) -> Planned {
        now = at
        self.states = states
        surroundings = nil
        defer { count += 1 }
        gone.removeAll { now - $0.at > .seconds(1) }
        if let cancelled = heavy?.cancelled, now - cancelled > FloodMix.certainAfter { heavy = nil }
        if exits.first.map({ now - $0 > .seconds(2) }) ?? false { exits.removeAll() }
        let (block, place) = count.quotientAndRemainder(dividingBy: 10)
        let turn = (place + Int(draws.whole(in: 0...9, at: block))) % 10
        if stage != .burst { burstSent = stage == .probes ? burstSent : 0 }
        if isAdmissibleTurn(turn, block), let planned = admissible() { return planned }
        if turn == 8, let planned = cancel() { return planned }
        return breach()
    }

    private func isAdmissibleTurn(_ turn: Int, _ block: Int) -> Bool {
        switch stage {
        // One more in every sixth ten makes up for the stages in which nothing may be accepted.
        case .steady: turn == 0 || turn == 5 || (turn == 3 && block % 6 == 0)
        case .burst: [0, 1, 3, 5, 6, 9].contains(turn) && burstSent < limits.ordersPerSecond
        case .quiet, .probes: false
        }
    }

    /// Where in the twenty seconds of a rate episode this moment lies.
    var stage: Stage {
        let period: Int64 = 20_000_000_000
        let place = (now - .seconds(6)).nanoseconds
        guard place >= 0 else { return .steady }
        switch place % period {
        case ..<1_300_000_000: return .quiet
        case ..<1_920_000_000: return .burst
        case ..<2_150_000_000: return .probes
        case ..<3_250_000_000: return .quiet
        default: return .steady
        }
    }

    var isSettled: Bool {
        pendingBase.isEmpty && (lastBase.map { now - $0 > FloodMix.settled } ?? true)
    }

    func name(_ prefix: String = "i") -> String {
        let number = String(count + 1)
        return "\(prefix)-" + String(repeating: "0", count: max(0, 7 - number.count)) + number
    }

    func order(
        _ place: Int, _ side: Side, _ quantity: Int64, _ limit: Int64, _ timeInForce: TimeInForce = .ioc
    ) -> Intent {
        Intent(
            id: name(), tick: 0, symbol: books[place].symbol, side: side, quantity: Quantity(shares: quantity),
            type: .limit, limit: Price(units: limit), timeInForce: timeInForce, sent: WallTime(nanoseconds: 0),
            due: WallTime(nanoseconds: 0))
    }

    func bid(_ place: Int) -> Int64? { states[place]?.bids.first?.price.units }
    func ask(_ place: Int) -> Int64? { states[place]?.asks.first?.price.units }

    /// Through the best price by 0.1 % and some cents: it fills although the book moves on meanwhile.
    func marketable(_ place: Int, _ side: Side, cents: Int64 = 0) -> Int64? {
        guard let best = side == .buy ? ask(place) : bid(place) else { return nil }
        return (best + side.sign * (best / 1_000 + cents * 100)) / 100 * 100
    }

    /// 1 to 3.5 % below the bid: accepted, and never filled.
    func away(_ place: Int, _ offset: Int) -> Int64? {
        guard let bid = bid(place) else { return nil }
        let cents = max(1, bid * 5 / 200 / 100)
        return (bid - bid / 100 - Int64(offset) % cents * 100) / 100 * 100
    }

    /// What the governor may see at this moment. Asked many times for one intent, and the same each time.
    mutating func oracle() -> FloodOracle {
        if let known = surroundings { return known }
        let fresh = look()
        surroundings = fresh
        return fresh
    }

    private func look() -> FloodOracle {
        var oracle = FloodOracle(limits: limits, views: books.indices.map(view))
        for place in traded {
            let own = resting.filter { $0.place == place }
            oracle.certainBid[place] = own.filter { now - $0.at > FloodMix.certainAfter }.map(\.price).max()
            oracle.possibleBid[place] = (own + gone.filter { $0.place == place }).map(\.price).max()
        }
        let slack: Int64 = 450_000_000
        let large = heavy?.notional ?? 0
        oracle.openNotional = (isHeavyForCertain ? large : 0)...(large + slack)
        return oracle
    }

    var isHeavyForCertain: Bool {
        heavy.map { $0.cancelled == nil && now - $0.placed > FloodMix.certainAfter } ?? false
    }

    private func view(_ place: Int) -> FloodOracle.View? {
        guard books[place].condition == .trading, let bid = bid(place), let ask = ask(place) else { return nil }
        func wide(_ price: Int64) -> ClosedRange<Int64> { price - price / 100 ... price + price / 100 }
        var view = FloodOracle.View(price: wide(ask), middle: wide((bid + ask) / 2))
        if books[place].held != 0 {
            let whole = isShadow ? 0 : books[place].held
            view.position = isSettled ? whole...whole : min(0, whole)...max(0, whole)
            if let heavy, place == heavyPlace { view.openBuys = (isHeavyForCertain ? heavy.shares : 0)...heavy.shares }
            return view
        }
        let recent: Int64 = 200
        view.position = (isShadow ? -recent : 0)...((outstanding[place] ?? 0) + recent)
        view.openBuys = 0...(resting.reduce(600) { $0 + ($1.place == place ? $1.shares : 0) })
        view.openSells = 0...100
        return view
    }

    /// The first symbol that is held short: dear enough that few shares are much money.
    var heavyPlace: Int? { held.first { books[$0].held < 0 } }
    var longPlace: Int? { held.first { books[$0].held > 0 } }
    /// The second symbol held short: cheap enough that many shares are little money.
    var cheapPlace: Int? { held.filter { books[$0].held < 0 }.dropFirst().first }
}
