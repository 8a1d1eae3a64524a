import ObserverCore
import Testing

@Suite struct ListenerWatchTests {
    @Test func `a program that comes is no event, one that goes and comes back is two`() {
        var watch = ListenerWatch()
        #expect(watch.saw([]) == [])
        #expect(watch.saw([7]) == [])
        #expect(watch.saw([7]) == [])
        #expect(watch.saw([]) == [.ended])
        #expect(watch.saw([]) == [])
        #expect(watch.saw([9]) == [.started])
    }

    @Test func `a restart between two looks is seen by the new socket`() {
        var watch = ListenerWatch()
        _ = watch.saw([7])
        #expect(watch.saw([8]) == [.ended, .started])
        #expect(watch.saw([8]) == [])
    }

    @Test func `one socket more or fewer is still the same program`() {
        var watch = ListenerWatch()
        _ = watch.saw([7])
        #expect(watch.saw([7, 8]) == [])
        #expect(watch.saw([8]) == [])
    }

    @Test func `of the kernel's table only what listens on the port counts`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
               1: 0D0112C6:1F40 100112C6:9C4A 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
               2: 00000000:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
               3: torn
            """
        #expect(ListenerWatch.inodes(listeningOn: 8_000, in: table) == [4_711])
        let six = "  0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 99 1"
        #expect(ListenerWatch.inodes(listeningOn: 8_000, in: six) == [99])
        #expect(ListenerWatch.inodes(listeningOn: 8_000, in: "").isEmpty)
    }
}
