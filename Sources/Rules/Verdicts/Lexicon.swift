// Every text of a history once, and every intent once, by number. A flood names each order ten times over: kept where
// it is said, a text costs sixteen bytes and often an allocation of its own; here a row keeps four bytes.

import Messages

/// A text in a `Lexicon`.
package struct Text: Hashable, Sendable {
    fileprivate let number: UInt32

    package static let empty = Text(number: 0)
    fileprivate static let none = Text(number: .max)
}

/// A whole number or none, in four bytes: what doesn't fit is kept in the lexicon.
package struct Number: Sendable {
    fileprivate let raw: Int32

    fileprivate static let none = Number(raw: .min)
    /// From here on `raw` counts the wide ones.
    fileprivate static let wide: Int32 = 1 << 30
}

/// An intent in a `Lexicon`: an id and the tick at which it was offered.
package struct IntentNumber: Hashable, Sendable {
    fileprivate let number: Int32

    package static let none = IntentNumber(number: -1)
}

package struct IntentKey: Hashable, Sendable {
    package let id: String
    package let tick: Int64
    fileprivate let number: IntentNumber

    /// Ids and ticks are numbered within one lexicon, and keys of two are never compared.
    package static func == (left: IntentKey, right: IntentKey) -> Bool { left.number == right.number }
    package func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

package struct Lexicon: Sendable {
    /// Texts that end in a number, which are nearly all of them.
    private var names = NumberedNames()
    /// All other texts, one behind the other; `ends` says where each of them ends.
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = [0]
    /// Open addressing, a power of two, at most two thirds full. 0: free, else a text's number + 1.
    private var slots: [UInt32]
    /// By text: the intent that was noted last with it as its id; the others follow by `IntentEntry.before`.
    private var latest: [Int32] = [-1]
    private var intents: ContiguousArray<IntentEntry> = []
    /// The intent that was asked for last.
    private var lastIntent: Int32 = -1
    /// Numbers that don't fit into four bytes.
    private var wide: [Int64] = []

    private struct IntentEntry: Sendable {
        let tick: Int64
        let id: Text
        let before: Int32
    }

    package init() { slots = Array(repeating: 0, count: 1 << 10) }

    package var intentCount: Int { intents.count }

    // MARK: texts

    package mutating func note(_ text: String) -> Text {
        guard !text.isEmpty else { return .empty }
        var text = text
        return text.withUTF8 { note($0) }
    }

    /// `nil`: certainly never noted.
    package func find(_ text: String) -> Text? {
        guard !text.isEmpty else { return .empty }
        var text = text
        return text.withUTF8 { utf8 in
            if let name = names.find(utf8) { return Text(number: name) }
            let number = slots[slot(of: utf8)]
            return number == 0 ? nil : Text(number: number - 1)
        }
    }

    package subscript(text: Text) -> String {
        guard text.number > 0 else { return "" }
        if NumberedNames.has(text.number) { return names.text(of: text.number) }
        return bytes.withUnsafeBufferPointer {
            String(decoding: UnsafeBufferPointer(rebasing: $0[range(of: text.number)]), as: UTF8.self)
        }
    }

    private func range(of number: UInt32) -> Range<Int> { Int(ends[Int(number) - 1])..<Int(ends[Int(number)]) }

    private mutating func note(_ utf8: UnsafeBufferPointer<UInt8>) -> Text {
        if let name = names.note(utf8) { return Text(number: name) }
        let found = slot(of: utf8)
        if slots[found] != 0 { return Text(number: slots[found] - 1) }
        let number = UInt32(ends.count)
        bytes += utf8
        ends.append(UInt32(bytes.count))
        latest.append(-1)
        slots[found] = number + 1
        if ends.count * 3 > slots.count * 2 { grow() }
        return Text(number: number)
    }

    /// Where the text is, or where it would be.
    private func slot(of utf8: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Lexicon.hash(utf8)) & mask
        return bytes.withUnsafeBufferPointer { bytes in
            while slots[slot] != 0 {
                let range = range(of: slots[slot] - 1)
                if range.count == utf8.count, bytes[range].elementsEqual(utf8) { break }
                slot = (slot + 1) & mask
            }
            return slot
        }
    }

    private mutating func grow() {
        let count = slots.count * 2
        slots = []
        var wider = [UInt32](repeating: 0, count: count)
        bytes.withUnsafeBufferPointer { bytes in
            for number in 1..<UInt32(ends.count) {
                let utf8 = UnsafeBufferPointer(rebasing: bytes[range(of: number)])
                var slot = Int(truncatingIfNeeded: Lexicon.hash(utf8)) & (count - 1)
                while wider[slot] != 0 { slot = (slot + 1) & (count - 1) }
                wider[slot] = number + 1
            }
        }
        slots = wider
    }

    /// FNV-1a, with its upper bits brought down: names differ in their last digits.
    private static func hash(_ utf8: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash ^ (hash >> 29)
    }

    // MARK: numbers

    package mutating func note(_ value: Int64?) -> Number {
        guard let value else { return .none }
        if value.magnitude < UInt64(Number.wide) { return Number(raw: Int32(value)) }
        wide.append(value)
        return Number(raw: Number.wide + Int32(wide.count - 1))
    }

    package subscript(number: Number) -> Int64? {
        guard number.raw != Number.none.raw else { return nil }
        return number.raw < Number.wide ? Int64(number.raw) : wide[Int(number.raw - Number.wide)]
    }

    // MARK: intents

    /// The number of an id and a tick. Where one of them is missing, each record is an intent of its own.
    package mutating func note(id: String?, tick: Int64?) -> IntentNumber {
        guard let id, let tick else {
            guard id != nil || tick != nil else { return .none }
            let text = id.map { note($0) } ?? .none
            intents.append(IntentEntry(tick: tick ?? .min, id: text, before: -1))
            return IntentNumber(number: Int32(intents.count - 1))
        }
        lastIntent = next(id, tick) ?? number(of: note(id), tick)
        return IntentNumber(number: lastIntent)
    }

    /// The intent behind the last one, if it is this one. Feed, tap and Redis tell of the same intents in nearly the
    /// same order, and comparing a name takes a tenth of the time of looking it up.
    private func next(_ id: String, _ tick: Int64) -> Int32? {
        let number = lastIntent + 1
        // The smallest tick stands for none.
        guard number < intents.count, intents[Int(number)].tick == tick, tick != .min else { return nil }
        let text = intents[Int(number)].id
        guard text != .none, text != .empty else { return nil }
        if NumberedNames.has(text.number) {
            var id = id
            return id.withUTF8 { names.find($0) } == text.number ? number : nil
        }
        let isSame = bytes.withUnsafeBufferPointer { $0[range(of: text.number)].elementsEqual(id.utf8) }
        return isSame ? number : nil
    }

    private mutating func number(of text: Text, _ tick: Int64) -> Int32 {
        let before = lastNoted(under: text)
        var next = before
        while next >= 0 {
            if intents[Int(next)].tick == tick { return next }
            next = intents[Int(next)].before
        }
        let number = Int32(intents.count)
        intents.append(IntentEntry(tick: tick, id: text, before: before))
        if NumberedNames.has(text.number) {
            names[latest: text.number] = number
        } else {
            latest[Int(text.number)] = number
        }
        return number
    }

    private func lastNoted(under id: Text) -> Int32 {
        NumberedNames.has(id.number) ? names[latest: id.number] : latest[Int(id.number)]
    }

    /// Room for so many more, most of them with an id that is new: an array that grows takes twice its room.
    package mutating func reserve(intents count: Int) {
        intents.reserveCapacity(intents.count + count)
        ends.reserveCapacity(ends.count + count)
        latest.reserveCapacity(latest.count + count)
    }

    package func id(of intent: IntentNumber) -> String? { name(of: intent).map { self[$0] } }

    package func name(of intent: IntentNumber) -> Text? {
        guard intent != .none, intents[Int(intent.number)].id != .none else { return nil }
        return intents[Int(intent.number)].id
    }

    package func tick(of intent: IntentNumber) -> Int64? {
        guard intent != .none else { return nil }
        let tick = intents[Int(intent.number)].tick
        return tick == .min ? nil : tick
    }

    /// `nil` where the id or the tick is missing.
    package func key(_ intent: IntentNumber) -> IntentKey? {
        guard let id = id(of: intent), let tick = tick(of: intent) else { return nil }
        return IntentKey(id: id, tick: tick, number: intent)
    }

    /// All intents of an id, the last one noted first.
    package func intents(of id: Text) -> some Sequence<IntentNumber> {
        sequence(state: lastNoted(under: id)) { next -> IntentNumber? in
            guard next >= 0 else { return nil }
            defer { next = intents[Int(next)].before }
            return IntentNumber(number: next)
        }
    }
}

/// A value for some of the intents: an array where a dictionary would hash and look up millions of times.
struct PerIntent<Value> {
    private var values: ContiguousArray<Value?>

    init(_ timeline: Timeline) { values = ContiguousArray(repeating: nil, count: timeline.lexicon.intentCount) }

    subscript(key: IntentKey) -> Value? {
        get { self[key.number] }
        set { self[key.number] = newValue }
    }

    subscript(intent: IntentNumber) -> Value? {
        get { intent == .none ? nil : values[Int(intent.number)] }
        set { if intent != .none { values[Int(intent.number)] = newValue } }
    }
}

/// What was offered, by its intent. Grows with the lexicon.
struct IntentRows: Sendable {
    private var rows: ContiguousArray<Int32> = []

    subscript(intent: IntentNumber) -> Int? {
        get {
            guard intent != .none, intent.number < rows.count, rows[Int(intent.number)] >= 0 else { return nil }
            return Int(rows[Int(intent.number)])
        }
        set {
            guard intent != .none, let newValue else { return }
            while rows.count <= intent.number { rows.append(-1) }
            rows[Int(intent.number)] = Int32(newValue)
        }
    }

    subscript(key: IntentKey) -> Int? { self[key.number] }

    mutating func reserve(_ count: Int) { rows.reserveCapacity(count) }
}
