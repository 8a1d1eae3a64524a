import Processes

/// A program of the rig that the conductor started, on this machine or through a stand-by somewhere else.
package protocol RunningRole: AnyObject {
    var name: String { get }
    var pid: Int32 { get }
    /// Exit code, or 128 + signal; `nil` while it runs.
    var status: Int32? { get }
    func signal(_ number: Int32)
    /// Called once, with the status, on the reactor; at once when it has ended already.
    func whenEnded(_ handler: @escaping (Int32) -> Void)
}

extension RunningRole {
    package var isRunning: Bool { status == nil }
}

extension ChildProcess: RunningRole {}
