/// What is broken in the small topology.
let badTopologies: [BadFile] = [
    BadFile(
        "mode: build",
        "mode: docker",
        [
            "topology/small.yaml:2: unknown mode 'docker'. Legal: build, attach.",
        ]),
    BadFile(
        "interfaces: {market: market, control: control}\n",
        "",
        [
            "topology/small.yaml:2: topology: mode 'build' needs 'interfaces' with names for market and control",
        ]),
    BadFile(
        "market: 10.0.0.0/24",
        "market: 10.0.0.0",
        [
            "topology/small.yaml:3: networks: market: expected an IPv4 network like 198.18.0.0/24, "
                + "found '10.0.0.0'",
        ]),
    BadFile(
        "market: 10.0.0.0/24",
        "market: 10.0.0.7/24",
        [
            "topology/small.yaml:3: networks: market: expected an IPv4 network like 198.18.0.0/24, "
                + "found '10.0.0.7/24'",
        ]),
    BadFile(
        "market: market,",
        "market: averyveryverylongname,",
        [
            "topology/small.yaml:4: interfaces: market: expected an interface name of at most 15 bytes, "
                + "found 'averyveryverylongname'",
        ]),
    BadFile(
        "market: 10.0.0.2",
        "market: 10.0.9.2",
        [
            "topology/small.yaml:7: node: market: expected an address in 10.0.0.0/24, found '10.0.9.2'",
        ]),
    BadFile(
        "market: 10.0.0.2",
        "market: 10.0.0.1",
        [
            "topology/small.yaml:7: node: market: each address once, found '10.0.0.1' again",
        ]),
    BadFile(
        "market: 10.0.0.2",
        "market: 10.0.0.256",
        [
            "topology/small.yaml:7: node: market: expected an IPv4 address, found '10.0.0.256'",
        ]),
    BadFile(
        "name: broker",
        "name: brocker",
        [
            "topology/small.yaml:6: nodes: missing node 'broker'",
        ]),
    BadFile(
        "name: broker",
        "name: feed",
        [
            "topology/small.yaml:6: nodes: missing node 'broker'",
            "topology/small.yaml:7: node: each node once, found 'feed' again",
        ]),
    BadFile(
        "observer, control: 10.0.1.5",
        "observer, control: 10.0.1.5, agent: /run/o.sock",
        [
            "topology/small.yaml:10: node: node 'observer': an agent needs a market address to work on",
        ]),
    BadFile(
        "control: 10.0.1.6",
        "contrl: 10.0.1.6",
        [
            "topology/small.yaml:11: node: missing key 'control'",
            "topology/small.yaml:11: node: unknown key 'contrl'. Did you mean 'control'?",
        ]),
    BadFile(
        "redis: 6379",
        "redis: 0",
        [
            "topology/small.yaml:12: ports: redis: expected a whole number from 1 to 65535, found '0'",
        ]),
    BadFile(
        "redis: 6379",
        "reddis: 6379",
        [
            "topology/small.yaml:12: ports: unknown key 'reddis'. Did you mean 'redis'?",
        ]),
]
