// Whether the book that went out was as thin as the scenario says. Measured from what was published before the crash
// and during it; what the scenario asks for is only what it is compared with.

import Messages
import Scenarios
import Units

extension Scene {
    /// Points of a percentage. By size, the stub quotes of a full book take one real level's place.
    static let thinningTolerance = 2.0
    private static let booksMinimum = 20

    struct ThinningFigures {
        /// Medians over both sides, in percent.
        let measured: Double
        let asked: Double
        let books: [PublishedBook]
        /// Books that are not within the tolerance.
        let strays: [PublishedBook]
    }

    func thinning() throws(ReasonError) -> ThinningFigures {
        let crash = try crash()
        let overlay = crash.overlay
        let margin = .milliseconds(100) + (evidence.scenario.feed.overlays.delay?.delay ?? .zero)
        let symbols = Set(overlay.symbols)
        let own = timeline.books.filter { symbols.contains($0.symbol) && !$0.isHalted }
        let calm = own.filter { $0.due < crash.start - margin }
        let thin = own.filter { $0.due >= crash.start + margin && $0.due < crash.end - margin }
        guard calm.count >= Scene.booksMinimum, thin.count >= Scene.booksMinimum else {
            throw ReasonError(reason: "too few books were published: \(calm.count) before the crash, \(thin.count) in it")
        }
        var whole: [String: (bids: Double, asks: Double)] = [:]
        for symbol in symbols {
            let books = calm.filter { $0.symbol == symbol }
            let sizes = try books.map { book throws(ReasonError) in try size(book, overlay, isStubbed: false) }
            whole[symbol] = (median(sizes.map(\.bids)), median(sizes.map(\.asks)))
        }
        var gone: [Double] = []
        var strays: [PublishedBook] = []
        let asked = asked(overlay, levels: whole.values.map(\.bids).min() ?? 0)
        for book in thin {
            let left = try size(book, overlay, isStubbed: overlay.stubQuotes)
            guard let full = whole[book.symbol], full.bids > 0, full.asks > 0 else { continue }
            let shares = [left.bids / full.bids, left.asks / full.asks].map { 100 * (1 - $0) }
            gone += shares
            if shares.contains(where: { abs($0 - asked) > Scene.thinningTolerance }) { strays.append(book) }
        }
        return ThinningFigures(measured: median(gone), asked: asked, books: thin, strays: strays)
    }

    /// Levels are whole, and one always stays: of ten, 95 % can't be taken.
    private func asked(_ overlay: CrashOverlay, levels: Double) -> Double {
        let percent = Double(overlay.thinningPercent)
        guard overlay.thinning == .level, levels > 0 else { return percent }
        return 100 * (1 - max(1, (levels * (100 - percent) / 100).rounded(.up)) / levels)
    }

    private func size(
        _ book: PublishedBook, _ overlay: CrashOverlay, isStubbed: Bool
    ) throws(ReasonError) -> (bids: Double, asks: Double) {
        let stub = isStubbed ? (overlay.thinning == .level ? 1 : CrashCourse.stubSize.shares) : 0
        let sides: (Int64?, Int64?) =
            switch overlay.thinning {
            case .size: (book.bidShares?.shares, book.askShares?.shares)
            case .level: (book.bidLevels, book.askLevels)
            }
        guard let bids = sides.0, let asks = sides.1 else {
            throw ReasonError(reason: "record \(book.stamp.record) says nothing of the book's size")
        }
        return (Double(bids - stub), Double(asks - stub))
    }

    private func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        return values.sorted()[(values.count - 1) / 2]
    }

    /// A property of the rig, not of the governor: what isn't so makes the drill unproven, and never fails anybody.
    func depthThinningApplied() -> Finding {
        let figures: ThinningFigures
        do { figures = try thinning() } catch { return .unknown(error.reason) }
        let isApplied = figures.strays.isEmpty
        let measured = JSON.real(figures.measured).text()
        return Finding(
            isApplied ? .pass : .inconclusive, observed: .bool(isApplied), count: figures.books.count,
            reason: isApplied
                ? nil
                : "\(figures.strays.count) of \(figures.books.count) books were not \(JSON.real(figures.asked).text()) % "
                    + "thinner (median \(measured) %)",
            records: (isApplied ? figures.books : figures.strays).prefix(1).map(\.stamp.record))
    }
}
