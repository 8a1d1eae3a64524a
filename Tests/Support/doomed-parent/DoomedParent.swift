import Glibc
import Processes
import Sockets
import Threads

/// Starts a child that is to end with it, from a thread that ends at once; writes the child's number and waits to be killed.
@main struct DoomedParent {
    static func main() throws {
        // Whatever the thread fails at, no number is written, and the test says so.
        let thread = try SystemThread("doomed parent") {
            guard let reactor = try? Reactor(),
                let child = try? ChildProcess("child", Command("/bin/sleep", ["300"], endsWithUs: true), output: 2, on: reactor)
            else { return }
            print("child \(child.pid)")
        }
        thread.wait()
        print("thread ended")
        fflush(nil)
        pause()
    }
}
