/// Tells that a program which the rig did not start has ended, or came back.
///
/// Nobody tells the rig how such a process ends. But one that ends lets go of the socket on which it listened, and one
/// that starts again opens another: the kernel never gives two of them the same inode. By whose hand it ended, the
/// socket doesn't say.
package struct ListenerWatch: Sendable {
    package enum Event: Hashable, Sendable { case ended, started }

    /// Inodes of the sockets that listened at the last look; `nil` until one does.
    package private(set) var known: Set<UInt64>?

    package init() {}

    /// - Parameter inodes: of the sockets that listen on the program's port now. The first that are there are no event.
    package mutating func saw(_ inodes: Set<UInt64>) -> [Event] {
        guard let before = known else {
            if !inodes.isEmpty { known = inodes }
            return []
        }
        known = inodes
        // A program may listen on one more, or on one fewer, as long as it is still the same.
        guard before.isDisjoint(with: inodes) else { return [] }
        return (before.isEmpty ? [] : [.ended]) + (inodes.isEmpty ? [] : [.started])
    }

    /// Of the sockets that listen on `port`, in the text of `/proc/net/tcp` or `/proc/net/tcp6` (proc_net_tcp.rst).
    package static func inodes(listeningOn port: UInt16, in text: String) -> Set<UInt64> {
        let listening = "0A"
        return Set(
            text.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 9, fields[3] == listening, let own = fields[1].split(separator: ":").last else { return nil }
                return UInt16(own, radix: 16) == port ? UInt64(fields[9]) : nil
            })
    }
}
