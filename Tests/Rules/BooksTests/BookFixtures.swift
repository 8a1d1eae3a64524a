import Books
import Glibc
import Messages
import Units

/// `5859400` and 200 shares.
func level(_ price: String, _ size: Int64) -> Level {
    Level(price: Price(decimal: price) ?? Price(units: 0), size: Quantity(shares: size))
}

func shares(_ count: Int64) -> Quantity { Quantity(shares: count) }
func price(_ text: String) -> Price { Price(decimal: text) ?? Price(units: 0) }
func dollars(_ text: String) -> Money { Money(decimal: text) ?? Money(units: Int64.min) }

func depth(
    _ sequence: Int64, bids: [Level] = [], asks: [Level] = [], status: Depth.Status = .trading, symbol: String = "AAPL"
) -> Depth {
    Depth(
        sequence: sequence, symbol: symbol, tick: sequence, sent: WallTime(nanoseconds: 0),
        due: WallTime(nanoseconds: 0), status: status, bids: bids, asks: asks)
}

func book(bids: [Level] = [], asks: [Level] = []) -> Book {
    var book = Book(symbol: "AAPL")
    book.update(depth(1, bids: bids, asks: asks))
    return book
}

/// The first row of the LOBSTER sample AAPL 2012-06-21, ten levels, asks. Source: lobsterdata.com.
let lobsterAsks = [
    level("585.94", 200), level("585.98", 200), level("586.10", 200), level("586.89", 300), level("586.95", 50),
    level("587.00", 100), level("587.10", 10), level("587.39", 100), level("587.65", 1160), level("587.90", 500),
]

/// The same book seen from below: prices mirrored at 600, so that what is dear for a buyer is cheap for a seller.
let mirroredBids = lobsterAsks.map { Level(price: Price(units: 2 * 6_000_000 - $0.price.units), size: $0.size) }

func thinned(_ levels: [Level]) -> [Level] {
    levels.map { Level(price: $0.price, size: Quantity(shares: $0.size.shares / 5)) }
}

/// Price × size summed over the fills.
func cost(_ match: Match) -> Int64 { match.fills.reduce(0) { $0 + $1.price.units * $1.size.shares } }

/// The repository, found from a source file of it, symbolic links resolved.
func repository(of file: String = #filePath) -> String {
    guard let resolved = realpath(file, nil) else { return "." }
    defer { free(resolved) }
    return String(cString: resolved).split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
}

/// `nil` when there is no such file.
func fileBytes(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
}
