import Glibc
import Messages
import Processes
import ScratchFolders
import Testing

/// One boot serves all claims: the guest costs a minute.
private enum Proof {
    static let agent = "\(Programs.ownDirectory)/chaos-agent"

    static let captureNames = ["netlink", "netlink-reorder"]
    static let isEmulated = if case .emulated = ProvingGround.found { true } else { false }

    /// What each part wrote, all of it together, and what was captured.
    struct Outcome {
        var parts: [(name: String, records: ProofRecords, log: String)] = []
        var captures: [String: [UInt8]] = [:]
    }

    static let outcome: Result<Outcome, any Error> = Result {
        let directory = try ScratchFolder.make("netem")
        defer { ScratchFolder.remove(directory) }
        try ProvingGround.found.prove(agent: agent, into: directory)
        var outcome = Outcome()
        for part in ProvingGround.found.parts {
            func contents(_ file: String) -> [UInt8] { ProcessTable.contents("\(directory)/\(part.name)/\(file)") }
            let log = String(decoding: contents("console") + contents("log"), as: UTF8.self)
            let records = try ProofRecords(String(decoding: contents("results"), as: UTF8.self))
            outcome.parts.append((part.name, records, log))
            for name in captureNames where outcome.captures[name, default: []].isEmpty {
                outcome.captures[name] = contents("\(name).pcap")
            }
        }
        return outcome
    }

    /// Of all parts together; what each says of itself is that of the first.
    static func checks() throws -> ProofChecks {
        let all = try outcome.get().parts.map(\.records)
        return ProofChecks(records: all.dropFirst().reduce(all.first ?? ProofRecords()) { $0.joined(with: $1) })
    }
}

@Suite(.serialized, .enabled(if: ProvingGround.reason == nil, Comment(rawValue: ProvingGround.reason ?? "")))
struct NetemProofTests {
    @Test func `the proof gets to its end and leaves nothing`() throws {
        for part in try Proof.outcome.get().parts {
            #expect(ProofChecks(records: part.records).whole == [], "\(part.name): \(part.log)")
        }
    }

    @Test(arguments: [("latency-100", 100.0), ("latency-250", 250.0)])
    func `netem delays by its dose and is back to the baseline after`(_ of: String, _ milliseconds: Double) throws {
        #expect(try Proof.checks().dose(of, milliseconds) == [])
    }

    @Test func `netem delays no sender that was not named`() throws { #expect(try Proof.checks().bystander == []) }

    @Test func `netem's jitter is uniform from the delay upwards`() throws {
        #expect(try Proof.checks().jitter(from: 100, by: 40) == [])
    }

    @Test func `netem loses its share, and is proven by its drops`() throws {
        #expect(try Proof.checks().loss(0.2) == [])
    }

    @Test func `netem's delays of one sender add up while both last`() throws {
        #expect(try Proof.checks().overlap == [])
    }

    @Test func `netem ends by its guardian when the agent is killed`() throws {
        #expect(try Proof.checks().killed == [])
    }

    @Test func `netem ends at its time when the agent stands still, which takes new delays after`() throws {
        #expect(try Proof.checks().stopped == [])
    }

    @Test func `netem that nobody guards any more is healed by its ledger`() throws {
        #expect(try Proof.checks().orphaned == [])
    }

    @Test func `an ingress qdisc of somebody else is refused and left alone`() throws {
        #expect(try Proof.checks().foreign == [])
    }

    @Test func `netem sends its share twice, and is proven by the probes`() throws {
        #expect(try Proof.checks().duplicates(0.3) == [])
    }

    @Test func `netem spoils its share, and is proven by the probes`() throws {
        #expect(try Proof.checks().spoilt(0.3) == [])
    }

    @Test func `netem lets its share overtake, and is proven by the probes`() throws {
        #expect(try Proof.checks().overtakers(0.2, held: 60) == [])
    }

    @Test func `netem limits the rate, and is proven by trains of probes`() throws {
        #expect(try Proof.checks().rate(1_000_000) == [])
    }

    @Test func `shares and rates are healed`() throws { #expect(try Proof.checks().sharesHealed == []) }

    @Test(.enabled(if: Proof.isEmulated, "only Debian's cloud kernel in a guest of QEMU is sure to have nf_tables' queue"))
    fileprivate func `nf_tables' own queue holds the named sender alone, and ends with its agent`() throws {
        #expect(try Proof.checks().queued == [])
    }

    @Test(arguments: Proof.captureNames)
    fileprivate func `what we send is byte for byte what tc makes the kernel tell`(_ name: String) throws {
        let messages = try NetlinkCapture.netemMessages(try Proof.outcome.get().captures[name] ?? [])
        #expect(NetemComparison(messages).findings == [])
    }

    @Test(.enabled(if: !Proof.isEmulated, "a guest of QEMU takes longer than this to begin"))
    fileprivate func `a proof that takes too long is ended with all of its processes`() throws {
        let directory = try ScratchFolder.make("netem")
        defer { ScratchFolder.remove(directory) }
        try ProvingGround.found.prove(agent: Proof.agent, into: directory, within: .seconds(4))
        let left = Programs.entries(of: "/proc").filter { process in
            ["environ", "cmdline"].contains { file in
                String(decoding: ProcessTable.contents("/proc/\(process)/\(file)"), as: UTF8.self).contains(directory)
            }
        }
        #expect(left == [])
    }
}
