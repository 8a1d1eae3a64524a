import Glibc
import Sockets

/// A secret for one run: 32 hexadecimal digits from the kernel's random source.
package enum Password {
    package static func draw() throws(SystemError) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard getentropy(&bytes, bytes.count) == 0 else {
            throw SystemError("random source", "getentropy", code: errno)
        }
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
