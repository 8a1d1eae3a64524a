import Units

/// The times of the governor contract. Not limits: no file changes them.
package struct Timing: Hashable, Sendable {
    package var heartbeat: Duration = .seconds(1)
    /// Nothing received for this long while logged on: the critical pause is raised.
    package var silenceSuspicious: Duration = .milliseconds(1_500)
    /// Nothing received for this long: the connection is aborted.
    package var silenceFatal: Duration = .milliseconds(2_400)
    package var testRequestEvery: Duration = .milliseconds(500)
    /// The contract says one second; the margin covers the way from this clock to the wire.
    package var flagsUnreadableAfter: Duration = .milliseconds(950)
    /// An outage of the flags longer than this raises the critical pause when it is over.
    package var outageRaises: Duration = .seconds(1)
    package var latencyMaximum: Duration = .milliseconds(120)
    package var latencySustained: Duration = .seconds(5)
    package var latencyForgiven: Duration = .seconds(1)
    package var brokerDownAfter: Duration = .seconds(8)
    /// A decision older than this no longer leaves.
    package var decisionAgeMaximum: Duration = .seconds(1)
    /// An order that is not durable by then is withdrawn, so that its withdrawal is still within the second.
    package var commitPatience: Duration = .milliseconds(900)
    package var statusPatience: Duration = .seconds(2)
    package var cancelPatience: Duration = .seconds(2)
    package var flattenRepriceEvery: Duration = .milliseconds(500)

    package init() {}
}
