import Sockets

/// Where a feed replayer publishes and records.
package struct FeedConnections: Sendable {
    package var redis: Address
    package var redisUser: String?
    package var redisPassword: String?
    /// Without an observer nothing is recorded.
    package var observer: Address?

    package init(redis: Address, redisUser: String?, redisPassword: String?, observer: Address?) {
        self.redis = redis
        self.redisUser = redisUser
        self.redisPassword = redisPassword
        self.observer = observer
    }
}
