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
