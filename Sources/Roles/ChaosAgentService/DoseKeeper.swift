import ChaosAgentCore
import Netlink
import Units

/// What makes delays and losses: our own queues, or netem.
protocol DoseKeeper: AnyObject {
    /// Brings the kernel to the plan.
    func follow(_ plan: DosePlan, at now: Instant) throws
    func readBack(_ fault: String) throws(NetlinkError) -> FaultTable.Readback
    /// `present`: the counters of our table's rules, by owner.
    func counters(of fault: String, _ present: [String: FaultLife.Counters]) -> FaultLife.Counters
    /// Packets that the kernel's own qdiscs have dropped for this fault; zero where our holders drop.
    func dropped(by fault: String) -> UInt64
    /// The holders that this fault feeds; empty where the kernel holds.
    func statistics(of fault: String) -> [PacketQueue.Statistics]
    func owners(of fault: String) -> [String]
    func forget(_ fault: String)
    /// Removes what was left to drain.
    func close()
    /// When the last change had been taken.
    var changed: Instant { get }
}
