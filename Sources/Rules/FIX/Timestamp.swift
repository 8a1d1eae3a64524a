import Units

/// UTCTimestamp, `YYYYMMDD-HH:MM:SS.sss`, by calendar arithmetic alone: no locale, no time zone file.
package enum Timestamp {
    /// Milliseconds, cut and never rounded up: a stamp is never later than the instant it stands for.
    package static func written(_ time: WallTime) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(21)
        write(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ time: WallTime, to bytes: inout [UInt8]) {
        let milliseconds = floorDivide(time.nanoseconds, 1_000_000)
        let days = floorDivide(milliseconds, 86_400_000)
        let within = Int(milliseconds - days * 86_400_000)
        let (year, month, day) = civil(days)
        digits(year, 4, &bytes)
        digits(month, 2, &bytes)
        digits(day, 2, &bytes)
        bytes.append(UInt8(ascii: "-"))
        digits(within / 3_600_000, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(within / 60_000 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: ":"))
        digits(within / 1_000 % 60, 2, &bytes)
        bytes.append(UInt8(ascii: "."))
        digits(within % 1_000, 3, &bytes)
    }

    /// Reads seconds, milliseconds, microseconds or nanoseconds. A leap second (`:60`) is the next minute's first.
    package static func read(_ text: some Collection<UInt8>) -> WallTime? {
        var reading = Reading(text)
        guard let year = reading.number(4), let month = reading.number(2), let day = reading.number(2),
            reading.skip("-"), let hour = reading.number(2), reading.skip(":"), let minute = reading.number(2),
            reading.skip(":"), let second = reading.number(2),
            (1...12).contains(month), day >= 1, day <= monthLength(month, year),
            hour < 24, minute < 60, second <= 60, (1700...2260).contains(year)
        else { return nil }
        guard let fraction = reading.fraction() else { return nil }
        let seconds = daysFromCivil(year, month, day) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        return WallTime(nanoseconds: seconds * 1_000_000_000 + fraction)
    }
}

extension Timestamp {
    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private static func digits(_ value: Int, _ count: Int, _ bytes: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    static func monthLength(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a Gregorian date. Years begin in March here, so that the leap day comes last.
    private static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }

    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private struct Reading<Text: Collection<UInt8>> {
        let text: Text
        var position: Text.Index

        init(_ text: Text) {
            self.text = text
            position = text.startIndex
        }

        mutating func number(_ count: Int) -> Int? {
            var value = 0
            for _ in 0..<count {
                guard position < text.endIndex, case let digit = text[position], digit >= 48, digit <= 57 else {
                    return nil
                }
                value = value * 10 + Int(digit - 48)
                position = text.index(after: position)
            }
            return value
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < text.endIndex, text[position] == UInt8(ascii: character) else { return false }
            position = text.index(after: position)
            return true
        }

        /// Nanoseconds: 0 at the end of the text, else a point and 3, 6 or 9 digits up to the end.
        mutating func fraction() -> Int64? {
            guard position < text.endIndex else { return 0 }
            guard skip(".") else { return nil }
            let count = text.distance(from: position, to: text.endIndex)
            guard count == 3 || count == 6 || count == 9, let value = number(count) else { return nil }
            return Int64(value) * (count == 3 ? 1_000_000 : count == 6 ? 1_000 : 1)
        }
    }
}
