import Commands
import Sockets

/// What the observer is told at its start.
package struct ObserverOptions: Sendable {
    package struct Scrape: Hashable, Sendable {
        package let node: String
        package let address: Address

        package init(node: String, address: Address) {
            self.node = node
            self.address = address
        }
    }

    package var runDirectory: String
    /// Where sources send their observations.
    package var ingest: Address
    /// Where the conductor gives its commands; over TCP it shows `token` first.
    package var commands: Endpoint
    package var token: Token?
    /// The Redis of flags and drop copy, over the control network.
    package var redis: Address
    package var redisUser: String
    package var redisPassword: String?
    /// `nil` taps the observer's own namespace, as in a sidecar.
    package var tapNamespace: String?
    package var governorAddress: String
    package var conductorAddress: String
    /// Of the store, on market: a fault between it and the governor makes the flags unreadable.
    package var storeAddress: String
    package var marketInterface: String
    package var brokerPort: UInt16
    package var scrapes: [Scrape] = []
    package var scrapeInterval: Duration = .milliseconds(1_000)
    /// Processes whose memory is sampled from the start; others come with `rig process` observations.
    package var processes: [String: Int32] = [:]

    package init(
        runDirectory: String, ingest: Address, commands: Endpoint, token: Token? = nil, redis: Address,
        redisUser: String = "gauntlet",
        redisPassword: String?, tapNamespace: String?, governorAddress: String,
        conductorAddress: String = "198.18.1.16", storeAddress: String = "198.18.0.14",
        marketInterface: String = "market", brokerPort: UInt16
    ) {
        self.runDirectory = runDirectory
        self.ingest = ingest
        self.commands = commands
        self.token = token
        self.redis = redis
        self.redisUser = redisUser
        self.redisPassword = redisPassword
        self.tapNamespace = tapNamespace
        self.governorAddress = governorAddress
        self.conductorAddress = conductorAddress
        self.storeAddress = storeAddress
        self.marketInterface = marketInterface
        self.brokerPort = brokerPort
    }
}
