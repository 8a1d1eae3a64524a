// Whether the book that went out was as thin as the scenario says, book for book: the plan says how deep the tape's own
// book was, the feed's record says how deep the one was that it sent, and what a thinning leaves is reckoned here anew.
// Before the crash both must be the same, or the plan speaks of another tape.

import Messages
import Scenarios
import Units

extension Scene {
    private static let booksMinimum = 20

    struct ThinningFigures {
        /// The median over both sides, in percent.
        let measured: Double
        /// Those of the crash.
        let books: [PublishedBook]
        /// Books that are not what they should be, before the crash or in it.
        let strays: [PublishedBook]
    }

    /// The levels of a book's sides, the best first, in shares.
    private struct Sides: Equatable {
        var bids: [Int64]
        var asks: [Int64]
    }

    private struct SideSize: Equatable {
        var levels: Int64
        var shares: Int64

        init(levels: Int64, shares: Int64) { (self.levels, self.shares) = (levels, shares) }
        init(_ levels: [Int64]) { self.init(levels: Int64(levels.count), shares: levels.reduce(0, +)) }
    }

    func thinning() throws(ReasonError) -> ThinningFigures {
        let crash = try crash()
        let overlay = crash.overlay
        let margin = .milliseconds(100) + (evidence.scenario.feed.overlays.delay?.delay ?? .zero)
        let symbols = Set(overlay.symbols)
        var calm = 0
        var gone: [Double] = []
        var thin: [PublishedBook] = []
        var strays: [PublishedBook] = []
        for book in timeline.books where symbols.contains(book.symbol) && !book.isHalted {
            let isCalm = book.due < crash.start - margin
            guard isCalm || (book.due >= crash.start + margin && book.due < crash.end - margin) else { continue }
            guard let whole = try whole(of: book, overlay) else { continue }
            let sent = try sizes(of: book)
            var isStray = false
            for (sent, whole) in [(sent.bids, whole.bids), (sent.asks, whole.asks)] {
                let left = isCalm ? whole : thinned(whole, overlay)
                if sent != SideSize(left) { isStray = true }
                if !isCalm, !whole.isEmpty { gone.append(100 * (1 - share(sent, of: whole, overlay))) }
            }
            if isCalm { calm += 1 } else { thin.append(book) }
            if isStray { strays.append(book) }
        }
        guard calm >= Scene.booksMinimum, thin.count >= Scene.booksMinimum, !gone.isEmpty else {
            throw ReasonError(reason: "too few books were published: \(calm) before the crash, \(thin.count) in it")
        }
        return ThinningFigures(measured: gone.sorted()[(gone.count - 1) / 2], books: thin, strays: strays)
    }

    /// As the plan has it from the tape. `nil` only where price bands changed the book.
    private func whole(of book: PublishedBook, _ overlay: CrashOverlay) throws(ReasonError) -> Sides? {
        guard let plan = evidence.plan, book.tick >= 1, book.tick <= Int64(plan.events.count) else {
            throw ReasonError(reason: "\(book.stamp.record): tick \(book.tick) is not in the plan")
        }
        guard let whole = plan.events[Int(book.tick) - 1].whole else {
            guard overlay.luld == .on else {
                throw ReasonError(reason: "the plan doesn't say how deep the tape's book was at tick \(book.tick)")
            }
            return nil
        }
        return Sides(bids: whole.bids, asks: whole.asks)
    }

    /// What a thinning leaves of a side. Shares and levels are whole, and something always stays.
    private func thinned(_ whole: [Int64], _ overlay: CrashOverlay) -> [Int64] {
        let rest = Int64(100 - overlay.thinningPercent)
        var left: [Int64]
        switch overlay.thinning {
        case .level:
            left = Array(whole.prefix(Int((Int64(whole.count) * rest + 99) / 100)))
        case .size:
            left = whole.map { $0 * rest / 100 }.filter { $0 > 0 }
            if left.isEmpty, !whole.isEmpty { left = [1] }
        }
        guard overlay.stubQuotes else { return left }
        return left.prefix(Depth.levelsMaximum - 1) + [CrashCourse.stubSize.shares]
    }

    /// How much of a side was left, by what the scenario thins it by, without the stub quote.
    private func share(_ sent: SideSize, of whole: [Int64], _ overlay: CrashOverlay) -> Double {
        let stub = overlay.stubQuotes ? SideSize([CrashCourse.stubSize.shares]) : SideSize([])
        return switch overlay.thinning {
        case .size: Double(sent.shares - stub.shares) / Double(whole.reduce(0, +))
        case .level: Double(sent.levels - stub.levels) / Double(whole.count)
        }
    }

    private func sizes(of book: PublishedBook) throws(ReasonError) -> (bids: SideSize, asks: SideSize) {
        guard let bids = book.bidShares?.shares, let asks = book.askShares?.shares, let bidLevels = book.bidLevels,
            let askLevels = book.askLevels
        else { throw ReasonError(reason: "record \(book.stamp.record) says nothing of the book's size") }
        return (SideSize(levels: bidLevels, shares: bids), SideSize(levels: askLevels, shares: asks))
    }

    /// A property of the rig, not of the governor: what isn't so makes the drill unproven, and never fails anybody.
    func depthThinningApplied() -> Finding {
        let figures: ThinningFigures
        do { figures = try thinning() } catch { return .unknown(error.reason) }
        let isApplied = figures.strays.isEmpty
        return Finding(
            isApplied ? .pass : .inconclusive, observed: .bool(isApplied), count: figures.books.count,
            reason: isApplied ? nil : "\(figures.strays.count) books were not as deep as the tape and the thinning make "
                + "them; in the crash \(JSON.real(figures.measured).text()) % were gone (median)",
            records: (isApplied ? figures.books : figures.strays).prefix(1).map(\.stamp.record))
    }
}
