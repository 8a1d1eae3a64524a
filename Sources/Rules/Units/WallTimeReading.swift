extension WallTime {
    /// Reads `2023-10-17T13:30:00Z`, with up to nine decimals of a second. UTC only. `nil` for anything else.
    package init?(utcText text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[4] == UInt8(ascii: "-"),
            bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = WallTime.digits(bytes[0..<4]),
            let month = WallTime.digits(bytes[5..<7]), let day = WallTime.digits(bytes[8..<10]),
            let hour = WallTime.digits(bytes[11..<13]), let minute = WallTime.digits(bytes[14..<16]),
            let second = WallTime.digits(bytes[17..<19]), (1678...2261).contains(year), (1...12).contains(month),
            day >= 1, day <= WallTime.daysOfMonth(year, month), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction: Int64 = 0
        if bytes.count > 20 {
            let decimals = bytes[20..<(bytes.count - 1)]
            guard bytes[19] == UInt8(ascii: "."), (1...9).contains(decimals.count),
                let value = WallTime.digits(decimals)
            else { return nil }
            fraction = value
            for _ in decimals.count..<9 { fraction *= 10 }
        }
        let seconds = WallTime.days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
        self.init(nanoseconds: seconds * 1_000_000_000 + fraction)
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private static func daysOfMonth(_ year: Int64, _ month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01, counted in years that begin in March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        return shifted * 365 + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719_468
    }
}
