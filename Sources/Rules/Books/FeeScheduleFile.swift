import Messages
import Units

extension FeeSchedule {
    package static let schema = "gauntlet.fees/1"

    private static let keys = [
        "schema", "name", "currency", "sec_per_million_sold", "taf_per_share_sold", "taf_maximum", "taker_per_share",
        "maker_per_share", "exchange_price_minimum", "taker_percent_below", "clearing_per_share", "commission_tiers",
        "commission_minimum", "commission_maximum_percent", "rounding_unit", "rounding",
    ]

    /// Reads a schedule file. Every mistake is in the thrown errors at once: a missing key, an unknown key, a rate
    /// that is no decimal text with at most eight decimals, tiers out of order.
    ///
    /// `file` is what errors call it.
    package init(parsing bytes: [UInt8], file: String) throws(FeeScheduleError) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw FeeScheduleError(file, [BooksError("(whole)", expected: "a JSON object", found: error.description)])
        }
        guard let members = json.members else {
            throw FeeScheduleError(file, [BooksError("(whole)", expected: "a JSON object", found: json.text())])
        }
        var reading = FeeScheduleReading(json: json)
        for member in members where !FeeSchedule.keys.contains(member.key) {
            reading.mistakes.append(BooksError(member.key, expected: "no key of this name", found: member.value.text()))
        }
        self.init(name: reading.text("name"))
        _ = reading.text("schema", oneOf: [FeeSchedule.schema])
        currency = reading.text("currency", oneOf: ["USD"])
        secPerMillionSold = reading.charge("sec_per_million_sold")
        tafPerShareSold = reading.charge("taf_per_share_sold")
        tafMaximum = reading.charge("taf_maximum")
        takerPerShare = reading.rate("taker_per_share")
        makerPerShare = reading.rate("maker_per_share")
        exchangePriceMinimum = reading.charge("exchange_price_minimum")
        takerPercentBelow = reading.charge("taker_percent_below")
        clearingPerShare = reading.charge("clearing_per_share")
        commissionTiers = reading.tiers("commission_tiers")
        commissionMinimum = reading.charge("commission_minimum")
        commissionMaximumPercent = reading.charge("commission_maximum_percent")
        roundingUnit = reading.unit("rounding_unit")
        rounding = Rounding(rawValue: reading.text("rounding", oneOf: Rounding.allCases.map(\.rawValue))) ?? .nearest
        guard reading.mistakes.isEmpty else { throw FeeScheduleError(file, reading.mistakes) }
    }

    /// The file's form: what `init(parsing:file:)` reads back as the same schedule.
    package var json: JSON {
        [
            "schema": .string(FeeSchedule.schema), "name": .string(name), "currency": .string(currency),
            "sec_per_million_sold": .string("\(secPerMillionSold)"),
            "taf_per_share_sold": .string("\(tafPerShareSold)"), "taf_maximum": .string("\(tafMaximum)"),
            "taker_per_share": .string("\(takerPerShare)"), "maker_per_share": .string("\(makerPerShare)"),
            "exchange_price_minimum": .string("\(exchangePriceMinimum)"),
            "taker_percent_below": .string("\(takerPercentBelow)"),
            "clearing_per_share": .string("\(clearingPerShare)"),
            "commission_tiers": .array(
                commissionTiers.map { tier in
                    ["from_shares": .integer(tier.fromShares.shares), "per_share": .string("\(tier.perShare)")]
                }),
            "commission_minimum": .string("\(commissionMinimum)"),
            "commission_maximum_percent": .string("\(commissionMaximumPercent)"),
            "rounding_unit": .string("\(roundingUnit)"), "rounding": .string(rounding.rawValue),
        ]
    }
}

/// Everything that is wrong with a fee schedule file.
package struct FeeScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let mistakes: [BooksError]

    init(_ file: String, _ mistakes: [BooksError]) {
        self.file = file
        self.mistakes = mistakes
    }

    package var description: String { mistakes.map { "\(file): \($0)" }.joined(separator: "\n") }
}

/// Reads members and gathers mistakes; a value that is missing reads as zero, and the file is refused at the end.
private struct FeeScheduleReading {
    let json: JSON
    var mistakes: [BooksError] = []

    mutating func mistake(_ key: String, _ expected: String) {
        mistakes.append(BooksError(key, expected: expected, found: json[key]?.text() ?? "nothing"))
    }

    mutating func text(_ key: String, oneOf legal: [String]? = nil) -> String {
        guard let value = json[key]?.string, legal?.contains(value) ?? !value.isEmpty else {
            mistake(key, legal.map { $0.joined(separator: " or ") } ?? "a text that is not empty")
            return ""
        }
        return value
    }

    mutating func rate(_ key: String) -> Rate {
        guard let value = json[key]?.string.flatMap(Rate.init(decimal:)) else {
            mistake(key, "a decimal in quotes with at most eight decimals, like \"0.000145\"")
            return .zero
        }
        return value
    }

    mutating func charge(_ key: String) -> Rate {
        let value = rate(key)
        if value < .zero { mistake(key, "a rate of at least 0") }
        return value
    }

    mutating func unit(_ key: String) -> Money {
        guard let value = json[key]?.string.flatMap({ Money(decimal: $0) }), value > .zero else {
            mistake(key, "a decimal in quotes above 0 with at most four decimals, like \"0.01\"")
            return Money(units: 1)
        }
        return value
    }

    mutating func tiers(_ key: String) -> [FeeSchedule.Tier] {
        let form = "an array of {\"from_shares\": integer, \"per_share\": decimal in quotes}, ascending, from 0"
        guard let rows = json[key]?.array else {
            mistake(key, form)
            return []
        }
        var tiers: [FeeSchedule.Tier] = []
        for row in rows {
            guard row.members?.count == 2, let from = row["from_shares"]?.integer,
                let perShare = row["per_share"]?.string.flatMap(Rate.init(decimal:)), perShare >= .zero,
                tiers.last.map({ $0.fromShares.shares < from }) ?? (from == 0)
            else {
                mistake(key, form)
                return []
            }
            tiers.append(FeeSchedule.Tier(fromShares: Quantity(shares: from), perShare: perShare))
        }
        return tiers
    }
}
