import Processes
import Testing

/// A proof that is skipped for want of a program is no proof: on a bare machine that must be red, not silent.
@Suite struct SetUpTests {
    @Test(arguments: ProvingGround.tools)
    func `./scripts/setup test has brought what the proof of netem takes`(tool: String) {
        #expect(Programs.find(tool) != nil, "\(tool) is missing: run ./scripts/setup test, whose list is scripts/packages")
    }
}
