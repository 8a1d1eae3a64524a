/// What is broken in the faults, the operator and the gates of the small scenario.
let badFaultsAndGates: [BadFile] = [
    BadFile(
        "id: cut",
        "id: slow",
        [
            "chaos/small.yaml:26: fault: each id once, found 'slow' again",
        ]),
    BadFile(
        "kind: latency",
        "kind: latancy",
        [
            "chaos/small.yaml:20: unknown fault kind 'latancy'. Did you mean 'latency'?",
        ]),
    BadFile(
        "    delay: 250ms\n",
        "",
        [
            "chaos/small.yaml:19: fault: missing key 'delay'",
        ]),
    BadFile(
        "delay: 250ms",
        "delay: 0ms",
        [
            "chaos/small.yaml:23: fault: delay: expected 1ms to 10s, found 0s",
        ]),
    BadFile(
        "delay: 250ms",
        "delay: 250ms\n    jitter: 300ms",
        [
            "chaos/small.yaml:24: fault: jitter: expected at most the delay (250ms), found 300ms",
        ]),
    BadFile(
        "delay: 250ms",
        "delay: 250ms\n    port: 80",
        [
            "chaos/small.yaml:24: fault: 'port' has no meaning for latency. Its own keys: from, delay, "
                + "jitter, direction.",
        ]),
    BadFile(
        "kind: latency",
        "kind: reorder\n    percent: 0",
        [
            "chaos/small.yaml:21: fault: percent: expected a whole number from 1 to 100, found '0'",
        ]),
    BadFile(
        "delay: 250ms",
        "bits_per_second: 255999",
        [
            "chaos/small.yaml:19: fault: missing key 'delay'",
            "chaos/small.yaml:23: fault: 'bits_per_second' has no meaning for latency. Its own keys: from, delay, "
                + "jitter, direction.",
            "chaos/small.yaml:23: fault: bits_per_second: expected a whole number from 256000 to 100000000, "
                + "found '255999'",
        ]),
    BadFile(
        "kind: latency",
        "kind: restart\n    process: governer",
        [
            "chaos/small.yaml:21: fault: process: expected governor or broker-stub for restart, found 'governer'. "
                + "Did you mean 'governor'?",
            "chaos/small.yaml:22: fault: 'from' has no meaning for restart. Its own keys: process.",
            "chaos/small.yaml:24: fault: 'delay' has no meaning for restart. Its own keys: process.",
        ]),
    BadFile(
        "from: everyone",
        "from: everone",
        [
            "chaos/small.yaml:21: unknown node 'everone'. Did you mean 'everyone'?",
        ]),
    BadFile(
        "from: everyone",
        "from: [feed, brokr]",
        [
            "chaos/small.yaml:21: unknown node 'brokr'. Did you mean 'broker'?",
        ]),
    BadFile(
        "from: everyone",
        "from: [feed, governor]",
        [
            "chaos/small.yaml:21: fault: from: a node's own address is never faulted, found 'governor' "
                + "in both 'from' and 'to'",
        ]),
    BadFile(
        "from: everyone",
        "from: []",
        [
            "chaos/small.yaml:21: fault: from: expected at least one node, found an empty list",
        ]),
    BadFile(
        "    to: broker\n",
        "",
        [
            "chaos/small.yaml:26: fault: missing key 'to'",
        ]),
    BadFile(
        "to: broker",
        "to: exchange",
        [
            "chaos/small.yaml:29: unknown node 'exchange'. Legal: feed, broker, governor, store, "
                + "observer, conductor.",
        ]),
    BadFile(
        "port: 9878",
        "port: 98780",
        [
            "chaos/small.yaml:30: fault: port: expected a whole number from 1 to 65535, found '98780'",
        ]),
    BadFile(
        "port: 9878",
        "port: 9878\n    mode: silence",
        [
            "chaos/small.yaml:31: unknown disconnect mode 'silence'. Did you mean 'silent'?",
        ]),
    BadFile(
        "    duration: 4s\n",
        "",
        [
            "chaos/small.yaml:19: fault: missing key 'duration'",
        ]),
    BadFile(
        "duration: 4s",
        "duration: 11m",
        [
            "chaos/small.yaml:24: fault: duration: expected 100ms to 600s, found 660s",
        ]),
    BadFile(
        "duration: 4s",
        "duration: 40s",
        [
            "chaos/small.yaml:19: fault 'slow': expected to end before the scenario does (17s), found 42s",
        ]),
    BadFile(
        "    at: {phase: fault}\n",
        "",
        [
            "chaos/small.yaml:19: fault: missing key 'at' (a phase and an offset) or 'after' (another fault)",
        ]),
    BadFile(
        "at: {phase: fault}",
        "at: {phase: drive}",
        [
            "chaos/small.yaml:19: fault 'slow': starts in phase 'drive', which this scenario doesn't have",
        ]),
    BadFile(
        "at: {phase: fault}",
        "at: {phase: fault}\n    after: {in_force: cut}",
        [
            "chaos/small.yaml:26: fault: expected one of 'at' and 'after', found both",
        ]),
    BadFile(
        "in_force: slow",
        "in_force: slwo",
        [
            "chaos/small.yaml:26: fault 'cut': follows 'slwo', which is no earlier fault. Did you mean 'slow'?",
        ]),
    BadFile(
        "unpause: {phase: warm-up}",
        "unpause: {phase: drive}",
        [
            "chaos/small.yaml:34: operator: unpauses in phase 'drive', which this scenario doesn't have",
        ]),
    BadFile(
        "fault: slow, earliest",
        "fault: slo, earliest",
        [
            "chaos/small.yaml:36: operator: resumes after unknown fault 'slo'. Did you mean 'slow'?",
        ]),
    BadFile(
        "latest: 9s",
        "latest: 4s",
        [
            "chaos/small.yaml:36: resume: latest: expected at least earliest (5s), found 4s",
        ]),
    BadFile(
        "latest: 9s",
        "latest: 15s",
        [
            "chaos/small.yaml:36: operator: resumes as late as 17s, when the scenario (17s) is over",
        ]),
    BadFile(
        "kind: within, threshold: 2s",
        "kind: eventualy, threshold: 2s",
        [
            "chaos/small.yaml:41: unknown gate kind 'eventualy'. Legal: always, never, within, sometimes.",
        ]),
    BadFile(
        "kind: within, threshold: 2s",
        "kind: never, threshold: 2s",
        [
            "chaos/small.yaml:41: gate: 'pause_flag_delay' is of kind within, found never",
        ]),
    BadFile(
        "threshold: 2s, ",
        "",
        [
            "chaos/small.yaml:41: pause_flag_delay: missing key 'threshold': a duration, like 2s",
        ]),
    BadFile(
        "threshold: 2s",
        "threshold: 2",
        [
            "chaos/small.yaml:41: gate: pause_flag_delay: expected a duration, like 2s, found '2'",
        ]),
    BadFile(
        "threshold: 5s..7s",
        "threshold: 7s..5s",
        [
            "chaos/small.yaml:42: gate: position_flattening_triggered: expected a range of durations, "
                + "like 5s..7s, found '7s..5s'",
        ]),
    BadFile(
        "threshold: 5s..7s",
        "threshold: 5s",
        [
            "chaos/small.yaml:42: gate: position_flattening_triggered: expected a range of durations, "
                + "like 5s..7s, found '5s'",
        ]),
    BadFile(
        "threshold: 10}",
        "threshold: -1}",
        [
            "chaos/small.yaml:43: gate: orders_flow_after_resume: expected a number, found '-1'",
        ]),
    BadFile(
        "kind: never}",
        "kind: never, threshold: 0}",
        [
            "chaos/small.yaml:40: gate: leftovers: expected no threshold, found '0'",
        ]),
    BadFile(
        "name: pause_flag_delay",
        "name: pause_flag_dealy",
        [
            "chaos/small.yaml:41: unknown gate 'pause_flag_dealy'. Did you mean 'pause_flag_delay'?",
        ]),
    BadFile(
        "name: pause_flag_delay",
        "name: leftovers",
        [
            "chaos/small.yaml:41: gate: 'leftovers' is of kind never, found within",
            "chaos/small.yaml:41: gate: each gate once, found 'leftovers' again",
            "chaos/small.yaml:41: gate: leftovers: expected no threshold, found '2s'",
        ]),
    BadFile(
        "premises: [faults_proven]",
        "premises: [fault_proven]",
        [
            "chaos/small.yaml:41: unknown premise 'fault_proven'. Did you mean 'faults_proven'?",
        ]),
    BadFile(
        "  - {name: leftovers, kind: never}\n",
        "",
        [
            "chaos/small.yaml:38: gates: 'leftovers' is part of every scenario, and is missing",
        ]),
    BadFile(
        "  - {name: orders_flow_after_resume, kind: sometimes, threshold: 10}\n",
        "",
        [
            "chaos/small.yaml:38: gates: expected at least one of kind 'sometimes', which shows that "
                + "the drill was real",
        ]),
    BadFile(
        "    - {fault: slow, earliest: 5s, latest: 9s}",
        "    []",
        [
            "chaos/small.yaml:38: gates: 'orders_flow_after_resume' needs a resume in 'operator'",
        ]),
    BadFile(
        "name: small",
        "name: [small",
        [
            "chaos/small.yaml:2: not YAML: did not find expected ',' or ']'",
        ]),
    BadFile(
        "name: small",
        "\tname: small",
        [
            "chaos/small.yaml:1: not YAML: found character that cannot start any token",
        ]),
    BadFile(
        "at: {phase: fault}",
        "at: &here {phase: fault}\n    jitter: *there",
        [
            "chaos/small.yaml:26: not YAML: found undefined alias",
        ]),
]
