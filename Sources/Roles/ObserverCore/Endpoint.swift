/// An IPv4 address and port as they stand in a packet.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// Host byte order: 127.0.0.1 is 0x7F000001.
    package let host: UInt32
    package let port: UInt16

    package init(host: UInt32, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var hostText: String { Endpoint.text(host) }
    package var description: String { "\(hostText):\(port)" }

    package static func text(_ host: UInt32) -> String {
        "\(host >> 24).\(host >> 16 & 255).\(host >> 8 & 255).\(host & 255)"
    }
}
