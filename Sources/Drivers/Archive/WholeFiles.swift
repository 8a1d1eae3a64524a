import Glibc
import History
import Sockets

/// Larger files are evidence of their own kind (captures, samples) and are hashed, not read whole.
package let wholeFileMaximum = 1 << 30

package func readFile(_ path: String) throws(ArchiveError) -> [UInt8] {
    var bytes: [UInt8] = []
    try eachChunk(of: path) { (chunk) throws(ArchiveError) in
        guard bytes.count + chunk.count <= wholeFileMaximum else {
            throw ArchiveError(path, "read", "larger than \(wholeFileMaximum) bytes")
        }
        bytes += chunk
    }
    return bytes
}

/// Length and SHA-256 in hexadecimal.
func fileHash(_ path: String) throws(ArchiveError) -> (bytes: Int64, sha256: String) {
    var hash = SHA256()
    var count: Int64 = 0
    try eachChunk(of: path) { (chunk) throws(ArchiveError) in
        hash.update(chunk)
        count += Int64(chunk.count)
    }
    return (count, hash.digest().hexadecimal)
}

/// The file in pieces of a mebibyte, in order: its length doesn't matter.
package func eachChunk(
    of path: String, _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
) throws(ArchiveError) {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { throw ArchiveError(path, "read", code: errno) }
    let file = Descriptor(fd)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { chunk.deallocate() }
    while true {
        let count = read(file.number, chunk.baseAddress, chunk.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw ArchiveError(path, "read", code: errno) }
        guard count > 0 else { return }
        try body(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
    }
}

/// Written beside, made durable, then renamed: a reader sees the old file, or the new one, whole.
package func writeFile(_ bytes: [UInt8], to path: String) throws(ArchiveError) {
    let temporary = "\(path).part"
    let fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard fd >= 0 else { throw ArchiveError(path, "write", code: errno) }
    let file = Descriptor(fd)
    func refused(_ code: Int32) -> ArchiveError {
        unlink(temporary)
        return ArchiveError(path, "write", code: code)
    }
    var start = 0
    while start < bytes.count {
        let written = bytes[start...].withUnsafeBytes { write(file.number, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        guard written >= 0 else { throw refused(errno) }
        start += written
    }
    guard fsync(file.number) == 0, rename(temporary, path) == 0 else { throw refused(errno) }
}
