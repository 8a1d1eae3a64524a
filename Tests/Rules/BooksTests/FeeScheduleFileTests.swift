import Books
import Messages
import Testing

@Suite struct FeeScheduleFileTests {
    func mistakes(_ text: String) -> [String] {
        do {
            _ = try FeeSchedule(parsing: Array(text.utf8), file: "fees.json")
            return []
        } catch {
            return error.mistakes.map(\.subject)
        }
    }

    /// The default schedule with one member changed (`nil`: left out).
    func changed(_ key: String, to value: JSON?) -> String {
        var members = FeeSchedule.usEquities2023.json.members ?? []
        members.removeAll { $0.key == key }
        if let value { members.append(.init(key, value)) }
        return JSON.object(members).text()
    }

    @Test func `the bundled schedule file is the built-in schedule`() throws {
        let path = repository() + "/data/fees-us-equities-2023-10.json"
        let bytes = try #require(fileBytes(path))
        #expect(try FeeSchedule(parsing: bytes, file: path) == .usEquities2023)
    }

    @Test func `a schedule is read back as it was written`() throws {
        let bytes = FeeSchedule.usEquities2023.json.bytes()
        #expect(try FeeSchedule(parsing: bytes, file: "fees.json") == .usEquities2023)
    }

    @Test func `each missing key is refused by name`() {
        for member in FeeSchedule.usEquities2023.json.members ?? [] {
            #expect(mistakes(changed(member.key, to: nil)) == [member.key])
        }
    }

    @Test func `an unknown key is refused by name`() {
        #expect(mistakes(changed("taf_per_share_solt", to: "0.1")) == ["taf_per_share_solt"])
    }

    @Test func `a number without quotes, too many decimals, a negative charge and unsorted tiers are refused`() {
        #expect(mistakes(changed("taf_maximum", to: .integer(7))) == ["taf_maximum"])
        #expect(mistakes(changed("taf_per_share_sold", to: "0.000000145")) == ["taf_per_share_sold"])
        #expect(mistakes(changed("clearing_per_share", to: "-0.0002")) == ["clearing_per_share"])
        #expect(mistakes(changed("rounding_unit", to: "0")) == ["rounding_unit"])
        #expect(mistakes(changed("rounding", to: "down")) == ["rounding"])
        let tiers: JSON = [["from_shares": 100, "per_share": "0.1"]]
        #expect(mistakes(changed("commission_tiers", to: tiers)) == ["commission_tiers"])
    }

    @Test func `all mistakes are told at once, and what is no object is refused`() {
        #expect(mistakes("{}").count == 16)
        #expect(mistakes("[]") == ["(whole)"])
        #expect(mistakes("{") == ["(whole)"])
    }

    @Test func `the schema names exactly the keys that the reader wants`() throws {
        let bytes = try #require(fileBytes(repository() + "/docs/schemas/fees.schema.json"))
        let schema = try JSON(parsing: bytes)
        let wanted = Set((FeeSchedule.usEquities2023.json.members ?? []).map(\.key))
        #expect(Set((schema["properties"]?.members ?? []).map(\.key)) == wanted)
        #expect(Set((schema["required"]?.array ?? []).compactMap(\.string)) == wanted)
    }
}
