import Scenarios

extension Scene {
    /// Orders that broke a hard limit, each named. `docs/verdicts.md` says how each limit is recomputed.
    func limitBreaches() -> Finding {
        let account: Account
        do { account = try self.account() } catch { return .unknown(error.reason) }
        let result = BreachRule.judge(self, account.limits, fees: account.fees)
        guard result.judged > 0 else { return .unknown("no order left, so none could break a limit") }
        return .never(result.breaches, of: result.judged)
    }
}
