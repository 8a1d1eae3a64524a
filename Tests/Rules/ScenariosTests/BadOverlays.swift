/// What is broken in an overlay of the feed, or in the strategy of the load.
let badOverlays: [BadFile] = [
    overlay("crash: {fall: 3s}", "chaos/small.yaml:8: crash: missing key 'at'"),
    overlay("crash: {at: {}}", "chaos/small.yaml:8: at: missing key 'phase'"),
    overlay(
        "crash: {at: {phase: drive}, fall: 3s, recover: 3s}",
        "chaos/small.yaml:8: crash: starts in phase 'drive', which this scenario doesn't have"),
    overlay(
        "crash: {at: {phase: fault}, fall: 10s, recover: 10s}",
        "chaos/small.yaml:8: crash: expected to end before the scenario does (17s), found 22s"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, fall_percent: 91}",
        "chaos/small.yaml:8: crash: fall_percent: expected a whole number from 1 to 90, found '91'"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, thinning_percent: 100}",
        "chaos/small.yaml:8: crash: thinning_percent: expected a whole number from 0 to 99, found '100'"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, thinning: levels}",
        "chaos/small.yaml:8: unknown thinning 'levels'. Did you mean 'level'?"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, stub_quotes: maybe}",
        "chaos/small.yaml:8: crash: stub_quotes: expected true or false, found 'maybe'"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, luld: sometimes}",
        "chaos/small.yaml:8: unknown price band rule 'sometimes'. Legal: on, off."),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, symbols: [NVDIA]}",
        "chaos/small.yaml:8: crash: unknown symbol 'NVDIA'. Did you mean 'NVDA'?"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, symbols: []}",
        "chaos/small.yaml:8: crash: symbols: expected at least one, found an empty list"),
    overlay(
        "crash: {at: {phase: fault}, fall: 3s, recover: 3s, recovery: 4s}",
        "chaos/small.yaml:8: crash: unknown key 'recovery'. Did you mean 'recover'?"),
    overlay(
        "volume_jump: {at: {phase: fault}, duration: 2s, factor: 1}",
        "chaos/small.yaml:8: volume_jump: factor: expected a whole number from 2 to 1000, found '1'"),
    overlay(
        "volume_jump: {at: {phase: after}, duration: 6s}",
        "chaos/small.yaml:8: volume_jump: expected to end before the scenario does (17s), found 18s"),
    overlay("surge: {at: {phase: fault}, duration: 2s}", "chaos/small.yaml:8: surge: missing key 'factor'"),
    overlay(
        "surge: {at: {phase: fault}, duration: 2s, factor: 101}",
        "chaos/small.yaml:8: surge: factor: expected a whole number from 2 to 100, found '101'"),
    overlay(
        "delay: {at: {phase: fault}, duration: 2s, delay: 61s}",
        "chaos/small.yaml:8: delay: delay: expected 1ms to 60s, found 61s"),
    overlay(
        "delay: {at: {phase: after}, duration: 5s, delay: 1s}",
        "chaos/small.yaml:8: delay: expected to end before the scenario does (17s), found 18s"),
    overlay(
        "crsh: {at: {phase: fault}}",
        "chaos/small.yaml:8: feed: unknown key 'crsh'. Did you mean 'crash'?"),
    strategy("strategy: dip_byer", "chaos/small.yaml:10: unknown strategy 'dip_byer'. Did you mean 'dip_buyer'?"),
    strategy("strategy: dip_buyer", "chaos/small.yaml:9: load: missing key 'dip'"),
    strategy("dip: {}", "chaos/small.yaml:10: load: 'dip' has no meaning without strategy dip_buyer"),
    strategy(
        "strategy: dip_buyer\n  dip: {closes_in: heal}",
        "chaos/small.yaml:11: load: closes in phase 'heal', which this scenario doesn't have"),
    strategy(
        "strategy: dip_buyer\n  dip: {basis_points: 0}",
        "chaos/small.yaml:11: dip: basis_points: expected a whole number from 1 to 5000, found '0'"),
]

private func overlay(_ line: String, _ expected: String) -> BadFile {
    BadFile("  depth_interval: 50ms\n", "  depth_interval: 50ms\n  \(line)\n", [expected])
}

private func strategy(_ lines: String, _ expected: String) -> BadFile {
    BadFile("  intents_per_second: 100\n", "  intents_per_second: 100\n  \(lines)\n", [expected])
}
