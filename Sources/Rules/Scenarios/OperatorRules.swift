import Units

/// What the operator, played by the conductor, does.
package struct OperatorRules: Hashable, Sendable {
    /// Clears `governor.pause` for the first time.
    package var unpauseIn: PhaseName
    package var unpauseOffset: Duration
    /// In order. Each clears the latch, then the pause.
    package var resumes: [Resume]

    package struct Resume: Hashable, Sendable {
        /// Offsets below count from the first effect (t0) of this fault.
        package var fault: String
        /// Not before this long after the governor has recovered.
        package var afterRecovery: Duration
        /// Nor before t0 + this.
        package var earliest: Duration
        /// Recovered or not, at t0 + this.
        package var latest: Duration
    }
}
