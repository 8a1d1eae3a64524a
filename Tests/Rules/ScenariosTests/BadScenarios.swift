/// What is broken in the small scenario, and every mistake that must be shown.
let badScenarios: [BadFile] = [
    BadFile(
        "certifying: false",
        "certifying: false\nstop:\n  - {metric: cpu_seconds, above: 3, for: 2}\n"
            + "  - {metric: risk_governor_x, above: 1, below: 2}",
        [
            "chaos/small.yaml:5: stop: for: expected a duration, like 250ms or 15s, found '2'",
            "chaos/small.yaml:5: stop: metric: expected a series of the governor that begins with risk_governor_ or "
                + "process_resident_memory_bytes, found 'cpu_seconds'",
            "chaos/small.yaml:6: stop: expected one of 'above' and 'below', found both",
        ]),
    BadFile(
        "name: small",
        "name: large",
        [
            "chaos/small.yaml:1: scenario: name: expected the file's own name 'small', found 'large'",
        ]),
    BadFile(
        "name: small",
        "name: Small-Drill",
        [
            "chaos/small.yaml:1: scenario: name: expected a-z, 0-9 and _, found 'Small-Drill'",
            "chaos/small.yaml:1: scenario: name: expected the file's own name 'small', found 'Small-Drill'",
        ]),
    BadFile(
        "name: small\n",
        "",
        [
            "chaos/small.yaml:1: scenario: missing key 'name'",
        ]),
    BadFile(
        "description: A drill for tests\n",
        "",
        [
            "chaos/small.yaml:1: scenario: missing key 'description'",
        ]),
    BadFile(
        "certifying: false",
        "certifying: maybe",
        [
            "chaos/small.yaml:3: scenario: certifying: expected true or false, found 'maybe'",
        ]),
    BadFile(
        "certifying: false",
        "certifing: false",
        [
            "chaos/small.yaml:1: scenario: missing key 'certifying'",
            "chaos/small.yaml:3: scenario: unknown key 'certifing'. Did you mean 'certifying'?",
        ]),
    BadFile(
        "certifying: false",
        "certifying: false\ncertifying: true",
        [
            "chaos/small.yaml:3: each key once, found 'certifying' more than once",
        ]),
    BadFile(
        "symbols:\n  - {symbol: NVDA, tape: data/bars.csv}\n",
        "symbols: []\n",
        [
            "chaos/small.yaml:4: scenario: symbols: expected at least one, found an empty list",
        ]),
    BadFile(
        "symbols:\n  - {symbol: NVDA, tape: data/bars.csv}\n",
        "symbols: NVDA\n",
        [
            "chaos/small.yaml:4: scenario: symbols: expected a list, found 'NVDA'",
        ]),
    BadFile(
        "symbol: NVDA",
        "symbol: nvda",
        [
            "chaos/small.yaml:5: symbol: symbol: expected A-Z and '.', found 'nvda'",
        ]),
    BadFile(
        "symbol: NVDA, tape: data/bars.csv}",
        "symbol: NVDA, tape: data/bars.csv}\n  - {symbol: NVDA, tape: data/bars.csv}",
        [
            "chaos/small.yaml:6: symbol: symbol: each symbol once, found 'NVDA' again",
        ]),
    BadFile(
        "tape: data/bars.csv",
        "tape: /etc/passwd",
        [
            "chaos/small.yaml:5: symbol: tape: expected a path inside the project, found '/etc/passwd'",
        ]),
    BadFile(
        "tape: data/bars.csv",
        "tape: ../bars.csv",
        [
            "chaos/small.yaml:5: symbol: tape: expected a path inside the project, found '../bars.csv'",
        ]),
    BadFile(
        "tape: data/bars.csv",
        "tape: data/bars.csv, format: parquet",
        [
            "chaos/small.yaml:5: unknown tape format 'parquet'. Legal: bars, lobster, mbp10.",
        ]),
    BadFile(
        "tape: data/bars.csv",
        "tape: data/bars.csv, first: -1",
        [
            "chaos/small.yaml:5: symbol: first: expected a whole number from 0 to 1000000, found '-1'",
        ]),
    BadFile(
        "tape: data/bars.csv",
        "tape: data/bars.csv, price_percent: 0",
        [
            "chaos/small.yaml:5: symbol: price_percent: expected a whole number from 1 to 10000, found '0'",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "depth_interval: 50",
        [
            "chaos/small.yaml:7: feed: depth_interval: expected a duration, like 250ms or 15s, found '50'",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "depth_interval: 1us",
        [
            "chaos/small.yaml:7: feed: depth_interval: expected 1ms to 10s, found 1us",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "depth_intervall: 50ms",
        [
            "chaos/small.yaml:7: feed: unknown key 'depth_intervall'. Did you mean 'depth_interval'?",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "states_per_bar: 3",
        [
            "chaos/small.yaml:7: feed: states_per_bar: expected a whole number from 4 to 1000, found '3'",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "speed_percent: fast",
        [
            "chaos/small.yaml:7: feed: speed_percent: expected a whole number from 1 to 10000, found 'fast'",
        ]),
    BadFile(
        "depth_interval: 50ms",
        "separate_redis: yes",
        [
            "chaos/small.yaml:7: feed: separate_redis: expected true or false, found 'yes'",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 0",
        [
            "chaos/small.yaml:9: load: intents_per_second: expected a whole number from 1 to 100000, found '0'",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 100.5",
        [
            "chaos/small.yaml:9: load: intents_per_second: expected a whole number from 1 to 100000, "
                + "found '100.5'",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 100\n  starts: warmup",
        [
            "chaos/small.yaml:10: unknown phase 'warmup'. Did you mean 'warm-up'?",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 100\n  starts: drive",
        [
            "chaos/small.yaml:10: load: starts in phase 'drive', which this scenario doesn't have",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 100\n  run: 20ms",
        [
            "chaos/small.yaml:10: load: run: expected longer than the broker's round trip (30ms), found 20ms",
        ]),
    BadFile(
        "intents_per_second: 100",
        "intents_per_second: 100\n  probe_quantity: 10",
        [
            "chaos/small.yaml:10: load: probe_quantity: expected more than quantity_maximum (20), found 10",
        ]),
    BadFile(
        "intents_per_second: 100",
        "market_percent: 50",
        [
            "chaos/small.yaml:9: load: missing key 'intents_per_second'",
        ]),
    BadFile(
        "limits: data/limits.json",
        "limits: data/limits.json\n  limit_overrides: {max_positon: 5}",
        [
            "chaos/small.yaml:12: unknown limit 'max_positon'. Did you mean 'max_position'?",
        ]),
    BadFile(
        "limits: data/limits.json",
        "limits: data/limits.json\n  limit_overrides: {max_position: many}",
        [
            "chaos/small.yaml:12: limit_overrides: expected a whole number, found 'many'",
        ]),
    BadFile(
        "limits: data/limits.json",
        "limits: data/limits.json\n  limit_overrides: [1]",
        [
            "chaos/small.yaml:12: governor: limit_overrides: expected keys and values, found a list",
        ]),
    BadFile(
        "fill_model: walk",
        "fill_model: wlak",
        [
            "chaos/small.yaml:13: unknown fill model 'wlak'. Did you mean 'walk'?",
        ]),
    BadFile(
        "fill_model: walk",
        "fill_model: midpoint",
        [
            "chaos/small.yaml:13: unknown fill model 'midpoint'. Legal: walk, level-n.",
        ]),
    BadFile(
        "fill_model: walk",
        "round_trip: soon",
        [
            "chaos/small.yaml:13: broker: round_trip: expected a duration, like 250ms or 15s, found 'soon'",
        ]),
    BadFile(
        "fill_model: walk",
        "round_trip_variance_ms2: -8",
        [
            "chaos/small.yaml:13: broker: round_trip_variance_ms2: expected a number from 0 to 1000000 "
                + "with at most four decimals, found '-8'",
        ]),
    BadFile(
        "fill_model: walk",
        "round_trip_variance_ms2: 2.82842",
        [
            "chaos/small.yaml:13: broker: round_trip_variance_ms2: expected a number from 0 to 1000000 "
                + "with at most four decimals, found '2.82842'",
        ]),
    BadFile(
        "fill_model: walk",
        "in_flight: gone",
        [
            "chaos/small.yaml:13: unknown in-flight mode 'gone'. Legal: lost, acknowledgement-lost, fill-lost.",
        ]),
    BadFile(
        "  - {name: after, duration: 5s}\n",
        "  - {name: after, duration: 5s}\n  - {name: warm-up, duration: 1s}\n",
        [
            "chaos/small.yaml:18: phase: each phase once and in the order warm-up, drive, fault, heal, "
                + "after, found 'warm-up' here",
        ]),
    BadFile(
        "name: after, duration: 5s",
        "name: aftr, duration: 5s",
        [
            "chaos/small.yaml:17: unknown phase 'aftr'. Did you mean 'after'?",
        ]),
    BadFile(
        "name: after, duration: 5s",
        "name: after, duration: 2h",
        [
            "chaos/small.yaml:17: phase: duration: expected 100ms to 3600s, found 7200s",
        ]),
    BadFile(
        "name: after, duration: 5s",
        "name: after",
        [
            "chaos/small.yaml:17: phase: missing key 'duration'",
        ]),
]
