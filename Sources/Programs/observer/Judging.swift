extension ObserverCommand {
    /// The evidence is closed and complete on disk; judging it is the archive's and the verdict rules' work.
    func judge(_ runDirectory: String) throws -> String { "inconclusive" }
}
