import Messages
import Testing

import Scenarios

@Suite struct BadFileTests {
    private func mistakes(_ read: () throws -> Void) -> [String] {
        do {
            try read()
            return []
        } catch let error as Mistakes {
            return error.all.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test(arguments: badScenarios + badFaultsAndGates + badOverlays)
    func `a broken scenario is refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(goodScenario))
        let found = mistakes {
            _ = try Scenario(
                yaml: bytes, file: "chaos/small.yaml", limits: ["max_position": 1, "max_order_quantity": 1])
        }
        #expect(found == bad.expected)
    }

    @Test(arguments: badTopologies)
    func `a broken topology is refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(goodTopology))
        #expect(mistakes { _ = try Topology(yaml: bytes, file: "topology/small.yaml") } == bad.expected)
    }

    @Test(arguments: badBars)
    func `broken bars are refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(goodBars))
        #expect(mistakes { _ = try Bar.read(csv: bytes, file: "bars.csv", badRows: .refuse) } == bad.expected)
    }

    @Test(arguments: badMessages)
    func `broken LOBSTER messages are refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(goodMessages))
        let found = mistakes {
            _ = try LobsterRow.read(
                messages: bytes, messageFile: "m.csv", books: Array(goodBooks.utf8), bookFile: "k.csv", badRows: .refuse
            )
        }
        #expect(found == bad.expected)
    }

    @Test(arguments: badBooks)
    func `broken LOBSTER books are refused with the line of every mistake`(_ bad: BadFile) throws {
        let bytes = try #require(bad.broken(goodBooks))
        let found = mistakes {
            _ = try LobsterRow.read(
                messages: Array(goodMessages.utf8), messageFile: "m.csv", books: bytes, bookFile: "k.csv",
                badRows: .refuse)
        }
        #expect(found == bad.expected)
    }

    @Test func `the files that the broken ones are made from are good`() throws {
        let scenario = try Scenario(yaml: Array(goodScenario.utf8), file: "chaos/small.yaml")
        let topology = try Topology(yaml: Array(goodTopology.utf8), file: "topology/small.yaml")
        #expect(scenario.mistakes(on: topology) == [])
        #expect(try Bar.read(csv: Array(goodBars.utf8), file: "bars.csv", badRows: .refuse).rows.count == 2)
        let rows = try LobsterRow.read(
            messages: Array(goodMessages.utf8), messageFile: "m.csv", books: Array(goodBooks.utf8), bookFile: "k.csv",
            badRows: .refuse)
        #expect(rows.rows.count == 2)
    }

    @Test func `mistakes in different parts of a file are shown together, in the order of their lines`() throws {
        let text = goodScenario.replacing("walk", with: "wlak").replacing("latency", with: "latancy")
            .replacing("threshold: 10", with: "threshold: ten")
        let found = mistakes { _ = try Scenario(yaml: Array(text.utf8), file: "chaos/small.yaml") }
        #expect(found.map { $0.split(separator: ":")[1] } == ["13", "20", "43"])
    }

    @Test func `bytes that are no text are refused with their line`() {
        let bytes = Array("name: x\ndescription: ".utf8) + [0xFF, 0x0A]
        let found = mistakes { _ = try Scenario(yaml: bytes, file: "chaos/x.yaml") }
        #expect(found == ["chaos/x.yaml:2: expected UTF-8, found other bytes"])
    }

    @Test func `an empty file and one without keys are refused`() {
        #expect(
            mistakes { _ = try Scenario(yaml: [], file: "chaos/x.yaml") }
                == ["chaos/x.yaml:1: expected a mapping, found an empty file"])
        #expect(
            mistakes { _ = try Scenario(yaml: Array("- a\n".utf8), file: "chaos/x.yaml") }
                == ["chaos/x.yaml:1: scenario: expected keys and values, found a list"])
    }

    @Test func `a fault on a node without a market interface is refused beside the topology`() throws {
        let text = goodScenario.replacing("to: broker", with: "to: observer")
        let scenario = try Scenario(yaml: Array(text.utf8), file: "chaos/small.yaml")
        let topology = try Topology(yaml: Array(goodTopology.utf8), file: "topology/small.yaml")
        #expect(
            scenario.mistakes(on: topology)
                == ["fault 'cut': node 'observer' has no market interface in topology 'small'"])
    }

    @Test(arguments: [("recovry", "recovery"), ("armd", "armed"), ("orders_laeked", "orders_leaked")])
    func `the nearest legal word is suggested`(_ word: String, _ meant: String) {
        #expect(suggestion(for: word, among: GateName.allCases.map(\.rawValue)) == "Did you mean '\(meant)'?")
    }

    @Test func `a word that is near to nothing gets the list of legal ones`() {
        #expect(suggestion(for: "banana", among: ["always", "never"]) == "Legal: always, never.")
    }
}
