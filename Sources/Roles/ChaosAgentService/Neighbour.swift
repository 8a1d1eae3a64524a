import Sockets

/// Another node of the rig, as its agent's probes reach it: `broker=198.18.0.12:7020`; without a name it can't be named.
package struct Neighbour: Hashable, Sendable {
    package let name: String?
    package let probe: Address

    package init?(written text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.last, let probe = Address(written: last), parts[0] != "" else { return nil }
        name = parts.count == 2 ? parts[0] : nil
        self.probe = probe
    }
}
