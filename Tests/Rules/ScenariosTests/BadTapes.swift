/// What is broken in two bars.
let badBars: [BadFile] = [
    BadFile(
        ",442,",
        ",99999999999999,",
        [
            "bars.csv:3: high: expected a price above zero with at most four decimals, found '99999999999999'",
        ]),
    BadFile(
        "timestamp,open,high,low,close,volume\n2023-10-17T13:30:00Z,440,441,439,440.5,1000\n"
            + "2023-10-17T13:31:00Z,440.5,442,440,441,900\n",
        "",
        [
            "bars.csv:1: expected the header 'timestamp,open,high,low,close,volume', found an empty file",
        ]),
    BadFile(
        "timestamp,open",
        "time,open",
        [
            "bars.csv:1: expected the header 'timestamp,open,high,low,close,volume', found "
                + "'time,open,high,low,close,volume'",
        ]),
    BadFile(
        "440.5,1000",
        "440.5",
        [
            "bars.csv:2: expected 6 fields, found 5: '2023-10-17T13:30:00Z,440,441,439,440.5'",
        ]),
    BadFile(
        "2023-10-17T13:31:00Z",
        "yesterday",
        [
            "bars.csv:3: timestamp: expected a UTC time like 2023-10-17T13:30:00Z, found 'yesterday'",
        ]),
    BadFile(
        "2023-10-17T13:31:00Z",
        "2023-02-29T13:31:00Z",
        [
            "bars.csv:3: timestamp: expected a UTC time like 2023-10-17T13:30:00Z, found '2023-02-29T13:31:00Z'",
        ]),
    BadFile(
        "2023-10-17T13:31:00Z",
        "2023-10-17T13:30:00Z",
        [
            "bars.csv:3: timestamp: expected later than the row before, found '2023-10-17T13:30:00Z'",
        ]),
    BadFile(
        ",442,",
        ",cheap,",
        [
            "bars.csv:3: high: expected a price above zero with at most four decimals, found 'cheap'",
        ]),
    BadFile(
        ",442,",
        ",442.00001,",
        [
            "bars.csv:3: high: expected a price above zero with at most four decimals, found '442.00001'",
        ]),
    BadFile(
        ",439,",
        ",-439,",
        [
            "bars.csv:2: low: expected a price above zero with at most four decimals, found '-439'",
        ]),
    BadFile(
        ",442,",
        ",440.9,",
        [
            "bars.csv:3: expected low ≤ open, close ≤ high, found "
                + "'2023-10-17T13:31:00Z,440.5,440.9,440,441,900'",
        ]),
    BadFile(
        ",900\n",
        ",-900\n",
        [
            "bars.csv:3: volume: expected a whole number of shares, found '-900'",
        ]),
    BadFile(
        "\n2023-10-17T13:30:00Z,440,441,439,440.5,1000\n2023-10-17T13:31:00Z,440.5,442,440,441,900\n",
        "\n",
        [
            "bars.csv:1: expected at least one row, found none",
        ]),
]

/// What is broken in the message half of a LOBSTER pair.
let badMessages: [BadFile] = [
    BadFile(
        "34200.2,4",
        "34200.1234567891,4",
        [
            "m.csv:2: time: expected seconds after midnight with at most nine decimals, found "
                + "'34200.1234567891'",
        ]),
    BadFile(
        "34200.2,4",
        "34200.0,4",
        [
            "m.csv:2: time: expected no earlier than the row before, found '34200.0'",
        ]),
    BadFile(
        "34200.2,4",
        "34200.2,8",
        [
            "m.csv:2: type: expected 1 to 7, found '8'",
        ]),
    BadFile(
        ",11,18,5853300,1\n34200.2",
        ",eleven,18,5853300,1\n34200.2",
        [
            "m.csv:1: order id: expected a whole number, found 'eleven'",
        ]),
    BadFile(
        "34200.2,4,11,18",
        "34200.2,4,11,-18",
        [
            "m.csv:2: size: expected a whole number of shares, found '-18'",
        ]),
    BadFile(
        "34200.2,4,11,18,5853300,1",
        "34200.2,4,11,18,585.33,1",
        [
            "m.csv:2: price: expected a whole number (price × 10,000), found '585.33'",
        ]),
    BadFile(
        "34200.2,4,11,18,5853300,1",
        "34200.2,4,11,18,5853300,0",
        [
            "m.csv:2: direction: expected 1 or -1, found '0'",
        ]),
    BadFile(
        "34200.2,4,11,18,5853300,1",
        "34200.2,7,0,0,5,-1",
        [
            "m.csv:2: price: expected -1, 0 or 1 in a halt row, found '5'",
        ]),
    BadFile(
        "34200.2,4,11,18,5853300,1",
        "34200.2,4,11,18",
        [
            "m.csv:2: expected 6 or 7 fields, found 4: '34200.2,4,11,18'",
        ]),
]

/// What is broken in the book half of a LOBSTER pair.
let badBooks: [BadFile] = [
    BadFile(
        "5853000,150",
        "-5853000,150",
        [
            "k.csv:2: field 3: expected a price above zero, found '-5853000'",
        ]),
    BadFile(
        "5853000,150\n",
        "5853000,150\n1,1,1,1\n",
        [
            "k.csv:3: expected as many rows as m.csv (2), found 3",
        ]),
    BadFile(
        "5853000,150",
        "5853000",
        [
            "k.csv:2: expected four fields a level, found 3: '5859400,200,5853000'",
        ]),
    BadFile(
        "5853000,150",
        "585.3,150",
        [
            "k.csv:2: field 3: expected a whole number (price × 10,000), found '585.3'",
        ]),
    BadFile(
        "5853000,150",
        "5853000,-150",
        [
            "k.csv:2: field 4: expected a whole number of shares, found '-150'",
        ]),
    BadFile(
        "5859400,200,5853000,150",
        "5859400,200,5853000,150,5859300,10,5852000,10",
        [
            "k.csv:2: expected levels from best to worst, found '5859400,200,5853000,150,5859300,10,5852000,10'",
        ]),
]
