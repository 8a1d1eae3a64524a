import FIX
import Testing
import Units

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "19700101-00:00:00.000"), (951_782_399_999_999_999, "20000228-23:59:59.999"),
        (951_782_400_000_000_000, "20000229-00:00:00.000"), (1_697_549_400_123_000_000, "20231017-13:30:00.123"),
        (-1_000_000, "19691231-23:59:59.999"), (4_107_542_400_000_000_000, "21000301-00:00:00.000"),
    ] as [(Int64, String)])
    func `a timestamp is written in UTC with milliseconds, cut`(nanoseconds: Int64, text: String) {
        #expect(Timestamp.written(WallTime(nanoseconds: nanoseconds)) == text)
        let cut = WallTime(nanoseconds: nanoseconds >= 0 ? nanoseconds / 1_000_000 * 1_000_000 : nanoseconds)
        #expect(Timestamp.read(text.utf8) == cut)
    }
}

@Suite struct TimestampReadingTests {
    @Test(arguments: [
        ("20231017-13:30:00", Int64(0)), ("20231017-13:30:00.001", 1_000_000),
        ("20231017-13:30:00.000001", 1_000), ("20231017-13:30:00.000000001", 1),
        ("20231017-13:29:60.000", 0),
    ])
    func `seconds, milli-, micro- and nanoseconds and a leap second are read`(text: String, nanoseconds: Int64) {
        #expect(Timestamp.read(text.utf8) == WallTime(nanoseconds: wallStart.nanoseconds + nanoseconds))
    }

    @Test(arguments: [
        "", "20231017", "20231017-13:30", "20231017-13:30:0", "20231017 13:30:00", "20231317-13:30:00",
        "20231032-13:30:00", "20230229-13:30:00", "21000229-13:30:00", "20231017-24:00:00", "20231017-13:60:00",
        "20231017-13:30:61", "20231017-13:30:00.", "20231017-13:30:00.1", "20231017-13:30:00.12",
        "20231017-13:30:00.1234", "20231017-13:30:00.12x", "20231017-13:30:00Z", "20231017-13:30:00.000 ",
        "2023101x-13:30:00", "00000000-00:00:00", "99991231-23:59:59", "+0231017-13:30:00",
    ])
    func `anything else is refused`(text: String) {
        #expect(Timestamp.read(text.utf8) == nil)
    }

    @Test func `every day of four centuries is written as it is read`() {
        for day in Int64(-73_000)..<73_100 {
            let time = WallTime(nanoseconds: day * 86_400_000_000_000)
            let text = Timestamp.written(time)
            if Timestamp.read(text.utf8) != time {
                Issue.record("day \(day) is written \(text)")
                return
            }
        }
    }
}
