extension WallTime {
    /// `2023-10-17T13:30:00.123Z`: ISO 8601, UTC, milliseconds cut off.
    package var utcText: String {
        let (date, time, milliseconds) = utcParts
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2)).\(padded(milliseconds, 3))Z"
    }

    /// `20231017T133000Z`: sorts by time, and is a good file name everywhere.
    package var utcFileText: String {
        let (date, time, _) = utcParts
        return "\(padded(date.year, 4))\(padded(date.month, 2))\(padded(date.day, 2))"
            + "T\(padded(time.hour, 2))\(padded(time.minute, 2))\(padded(time.second, 2))Z"
    }

    private typealias Date = (year: Int64, month: Int64, day: Int64)
    private typealias Time = (hour: Int64, minute: Int64, second: Int64)

    private var utcParts: (Date, Time, milliseconds: Int64) {
        let milliseconds = nanoseconds.flooredDivision(by: 1_000_000)
        let seconds = milliseconds.flooredDivision(by: 1_000)
        let days = seconds.flooredDivision(by: 86_400)
        let second = seconds - days * 86_400
        return (
            WallTime.civil(days), (second / 3_600, second / 60 % 60, second % 60), milliseconds - seconds * 1_000
        )
    }

    /// Days since 1970-01-01 to a date of the Gregorian calendar, in eras of 400 years that begin in March.
    private static func civil(_ days: Int64) -> Date {
        let shifted = days + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let day = shifted - era * 146_097
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isAfterDecember = month >= 10
        return (
            year + era * 400 + (isAfterDecember ? 1 : 0), isAfterDecember ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
}
