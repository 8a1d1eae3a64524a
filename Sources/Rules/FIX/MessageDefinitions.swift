// Required and optional fields of each message, by tag number, after the FIX 4.4 specification (volumes 2 and 4).

extension MessageDictionary {
    static let definitions: [String: MessageDefinition] = session.merging(application) { first, _ in first }

    private static let text = [58, 354, 355]
    private static let instrument = [55, 65, 48, 22, 460, 461, 167, 762, 200, 541, 207, 106, 107, 223]
    private static let account = [1, 660, 581]
    private static let order =
        account + instrument + text + [
            526, 583, 453, 229, 589, 590, 591, 63, 64, 544, 635, 21, 18, 110, 111, 100, 386, 81, 140, 114,
            854, 38, 152, 516, 468, 469, 423, 44, 99, 15, 376, 377, 23, 117, 59, 168, 432, 126, 427, 528, 529,
            582, 121, 120, 775, 640, 77, 203, 210, 480, 481, 513, 494,
        ]

    private static let session: [String: MessageDefinition] = [
        MsgType.heartbeat: MessageDefinition(required: [], optional: [112]),
        MsgType.testRequest: MessageDefinition(required: [112], optional: []),
        MsgType.resendRequest: MessageDefinition(required: [7, 16], optional: []),
        MsgType.reject: MessageDefinition(required: [45], optional: [371, 372, 373] + text),
        MsgType.sequenceReset: MessageDefinition(required: [36], optional: [123]),
        MsgType.logout: MessageDefinition(required: [], optional: text),
        MsgType.logon: MessageDefinition(
            required: [98, 108], optional: [95, 96, 141, 789, 383, 464, 553, 554] + text),
    ]

    private static let application: [String: MessageDefinition] = [
        MsgType.newOrderSingle: MessageDefinition(required: [11, 55, 54, 60, 40], optional: order),
        MsgType.orderCancelReplaceRequest: MessageDefinition(
            required: [41, 11, 55, 54, 60, 40], optional: order + [37, 66, 586]),
        MsgType.orderCancelRequest: MessageDefinition(
            required: [41, 11, 55, 54, 60],
            optional: account + instrument + text + [37, 526, 583, 66, 586, 453, 38, 152, 516, 376]),
        MsgType.orderMassCancelRequest: MessageDefinition(
            required: [11, 530, 60], optional: instrument + text + [526, 336, 625, 54]),
        MsgType.orderMassCancelReport: MessageDefinition(
            required: [37, 530, 531], optional: instrument + text + [11, 526, 198, 532, 533, 336, 625, 54, 60]),
        MsgType.orderStatusRequest: MessageDefinition(
            required: [11, 55, 54], optional: account + instrument + [37, 526, 583, 453, 790]),
        MsgType.orderMassStatusRequest: MessageDefinition(
            required: [584, 585], optional: account + instrument + [453, 336, 625, 54]),
        MsgType.executionReport: MessageDefinition(
            required: [37, 17, 150, 39, 55, 54, 151, 14, 6],
            optional: order + [
                198, 527, 11, 41, 693, 790, 584, 911, 912, 66, 19, 636, 103, 378, 40, 32, 31, 669, 194, 195, 30,
                336, 625, 943, 29, 424, 425, 426, 427, 75, 60, 113, 12, 13, 479, 381, 118, 119, 851, 442, 797,
                638, 639, 515, 484, 485,
            ]),
        MsgType.orderCancelReject: MessageDefinition(
            required: [37, 11, 41, 39, 434],
            optional: account + text + [198, 526, 583, 636, 586, 66, 229, 75, 60, 102]),
        MsgType.businessMessageReject: MessageDefinition(required: [372, 380], optional: [45, 379] + text),
    ]
}
