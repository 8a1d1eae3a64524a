import CLinux
import Glibc

extension Reactor {
    /// From now on SIGINT, SIGTERM and SIGHUP arrive as calls on this thread. Call it before any thread starts.
    package func onSignal(_ handler: @escaping (Int32) -> Void) throws(SystemError) {
        let fd = try check(clinux_signalfd(), "reactor", "signalfd")
        try watch(fd, for: .read) { _ in
            while true {
                let signal = clinux_signalfd_read(fd)
                guard signal > 0 else { return }
                handler(signal)
            }
        }
    }
}
