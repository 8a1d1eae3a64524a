/// What is broken in an MBP-10 file.
let badMarketByPrice: [BadFile] = [
    BadFile(
        "ts_recv,ts_event", "ts_event,ts_recv", ["k.csv:1: expected column 1 'ts_recv', found 'ts_event'"]),
    BadFile(
        ",ask_ct_09", "", ["k.csv:1: expected column 73 'ask_ct_09', found no more columns"]),
    BadFile(
        ",ask_ct_09", ",ask_ct_09,name", ["k.csv:1: expected 73 columns, or 'symbol' after them, found 74"]),
    BadFile(
        "1697549400000000000,1697549400000000000,10", "noon,1697549400000000000,10",
        ["k.csv:2: ts_recv: expected nanoseconds since 1970, or a UTC time like 2023-10-17T13:30:00Z, found 'noon'"]),
    BadFile(
        "1697549400500000000,1697549400500000000,10", "1697549399500000000,1697549400500000000,10",
        ["k.csv:4: ts_recv: expected no earlier than the row before, found '1697549399500000000'"]),
    BadFile(
        ",10,2,11667", ",11,2,11667", ["k.csv:2: rtype: expected 10, the record type of MBP-10, found '11'"]),
    BadFile(
        ",2,11667", ",70000,11667", ["k.csv:2: publisher_id: expected a publisher's number, found '70000'"]),
    BadFile(
        "11667,C", "11668,C",
        ["k.csv:3: instrument_id: expected 11667 again: one instrument a file, found '11668'"]),
    BadFile(
        "11667,C", "11667,X", ["k.csv:3: action: expected one of A, C, M, R, T, found 'X'"]),
    BadFile(
        "11667,C,B", "11667,C,Buy", ["k.csv:3: side: expected one of A, B, N, found 'Buy'"]),
    BadFile(
        "11667,C,B,0", "11667,C,B,10", ["k.csv:3: depth: expected a level from 0 to 9, found '10'"]),
    BadFile(
        "A,B,0,439.990000000", "A,B,0,cheap",
        ["k.csv:2: price: expected a price: decimal, or a whole number of billionths, found 'cheap'"]),
    BadFile(
        ",100,0,165123", ",-100,0,165123", ["k.csv:2: size: expected a whole number of shares, found '-100'"]),
    BadFile(
        ",100,0,165123", ",100,256,165123", ["k.csv:2: flags: expected flags from 0 to 255, found '256'"]),
    BadFile(
        ",0,165123", ",0,soon", ["k.csv:2: ts_in_delta: expected nanoseconds, found 'soon'"]),
    BadFile(
        "165123,1001,", "165123,-1,", ["k.csv:2: sequence: expected a sequence number, found '-1'"]),
    BadFile(
        ",440.000000000,", ",440.000050000,",
        ["k.csv:4: bid_px_00: expected a price with at most four decimals, found '440.000050000'"]),
    BadFile(
        ",440.000000000,", ",0.000000000,",
        ["k.csv:4: bid_px_00: expected a price above zero, found '0.000000000'"]),
    BadFile(
        ",440.000000000,", ",,", ["k.csv:4: bid_px_00: expected a price for 100 shares, found ''"]),
    BadFile(
        ",440.000000000,", ",-440.000000000,",
        ["k.csv:4: bid_px_00: expected a price: decimal, or a whole number of billionths, found '-440.000000000'"]),
    BadFile(
        ",440.000000000,", ",439.000000000,",
        ["k.csv:4: bid_px_01: expected levels from best to worst, found '439.980000000'"]),
    BadFile(
        ",300,400,3,4,", ",300.5,400,3,4,",
        ["k.csv:2: bid_sz_01: expected a whole number of shares, found '300.5'"]),
    BadFile(
        ",300,400,3,4,", ",300,400,three,4,", ["k.csv:2: bid_ct_01: expected a number of orders, found 'three'"]),
    BadFile(
        ",300,400,3,4,", ",300,400,3,",
        [
            "k.csv:2: expected 73 fields, found 72: '"
                + MarketByPriceTests.row("1697549400000000000", flags: 0).prefix(80) + "'"
        ]),
]
