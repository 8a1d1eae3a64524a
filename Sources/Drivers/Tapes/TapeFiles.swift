import Glibc
import Scenarios
import Sockets

extension TapeShelf {
    /// Tapes in files: paths count from `root` unless they are absolute.
    package init(root: String) {
        self.init { (file) throws(Mistakes) in
            let path = file.hasPrefix("/") ? file : "\(root)/\(file)"
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw Mistakes([Mistake(file: file, line: 1, text: "\(path): \(String(cString: strerror(errno)))")])
            }
            return TapeSource(reading: Descriptor(descriptor), file: file)
        }
    }
}

extension TapeSource {
    private static let pieceBytes = 1 << 18

    /// Pieces of an open file, until its end.
    fileprivate init(reading descriptor: Descriptor, file: String) {
        self.init(file: file) { () throws(Mistakes) in
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: TapeSource.pieceBytes) { buffer, count in
                while true {
                    let got = read(descriptor.number, buffer.baseAddress, buffer.count)
                    if got < 0, errno == EINTR { continue }
                    failure = got < 0 ? errno : 0
                    count = max(0, got)
                    return
                }
            }
            guard failure == 0 else {
                throw Mistakes([Mistake(file: file, line: 1, text: "not readable: \(String(cString: strerror(failure)))")])
            }
            return piece.isEmpty ? nil : piece
        }
    }
}
