import BrokerStubCore
import Redis
import Sockets

/// Where the broker lives and whom it talks to.
package struct BrokerServiceSettings {
    package var broker: BrokerSettings
    /// FIX; port 0 lets the kernel choose.
    package var listen: Address
    /// Where the drop copy goes.
    package var redis: RedisConnection.Endpoint
    /// Where depth comes from; the same server unless a scenario separates them.
    package var depthRedis: RedisConnection.Endpoint
    /// For both servers.
    package var redisUser: String?
    package var redisPassword: String?
    /// `/metrics` and `/healthz`; `nil` serves neither.
    package var metrics: Address?
    /// Every drop copy record as one JSON line; `nil` writes none.
    package var ledgerPath: String?

    package init(broker: BrokerSettings, listen: Address, redis: RedisConnection.Endpoint) {
        self.broker = broker
        self.listen = listen
        self.redis = redis
        depthRedis = redis
    }
}
