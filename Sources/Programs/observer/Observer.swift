import Archive
import ArgumentParser
import Commands
import Glibc
import ObserverService
import Sockets
import Units

@main
struct ObserverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observer",
        abstract: "Gathers evidence that does not depend on the governor's word, and has it judged at the end.",
        discussion: """
            Taps every interface of the governor's network namespace, listens to Redis and to the broker's drop copy, \
            takes in what feed, agents and conductor saw, and chains it all into history.ndjson. Announces an order \
            that leaves during a pause as it happens.
            """)

    @Option(help: "The run's directory; history.ndjson must not exist in it yet.")
    var runDirectory: String

    @Option(help: "Address (host:port) where sources send their observations.")
    var ingest = "198.18.1.15:7010"

    @Option(help: "Where the commands status and finish are taken: a Unix socket's path, or HOST:PORT with a token.")
    var commands = "/run/gauntlet/observer.sock"

    @Option(
        help:
            "File with the token of TCP clients. Default: from the environment, \(Token.fileVariable) or \(Token.variable)."
    )
    var tokenFile: String?

    @Option(help: "Redis of flags and drop copy (host:port), over the control network.")
    var redis = "198.18.1.14:6379"

    @Option(help: "Redis ACL user.")
    var redisUser = "gauntlet"

    @Option(help: "File with the Redis password; without it no AUTH is sent.")
    var redisPasswordFile: String?

    @Option(help: "Network namespace to tap, as a path; without it the observer's own.")
    var tapNamespace: String?

    @Option(help: "The governor's address on the market network: whose writes bear the name 'governor'.")
    var governorAddress = "198.18.0.13"

    @Option(help: "The conductor's address: whose writes bear the name 'operator'.")
    var conductorAddress = "198.18.1.16"

    @Option(help: "The store's address on market.")
    var storeAddress = "198.18.0.14"

    @Option(help: "Name or address of the governor's market interface; orders on any other one are a second path.")
    var marketInterface = "market"

    @Option(help: "The broker's FIX port.")
    var brokerPort: UInt16 = 9878

    @Option(help: "A /metrics to scrape, HOST:PORT (the governor's) or NODE=HOST:PORT; may be repeated.")
    var scrape: [String] = []

    @Option(help: "Time between scrapes, with its unit: 1s, 250ms.")
    var scrapeInterval = "1s"

    @Option(help: "A process whose memory is sampled once a second, NAME=PID; may be repeated.")
    var pid: [String] = []

    func run() throws {
        let reactor = try Reactor()
        var service: ObserverService?
        // Before any thread starts, so that every thread has these signals blocked.
        try reactor.onSignal { _ in service?.stop() }
        service = try ObserverService(try options(), on: reactor, judge: ObserverService.judgeAndWrite)
        reactor.run()
    }

    private func options() throws -> ObserverOptions {
        var options = ObserverOptions(
            runDirectory: runDirectory, ingest: try address("--ingest", ingest), commands: try endpoint(),
            token: try Token.find(file: tokenFile),
            redis: try address("--redis", redis), redisUser: redisUser, redisPassword: try password(),
            tapNamespace: tapNamespace, governorAddress: governorAddress, conductorAddress: conductorAddress,
            storeAddress: storeAddress,
            marketInterface: try Interface.named(marketInterface), brokerPort: brokerPort)
        for text in scrape {
            let parts = text.split(separator: "=", maxSplits: 1)
            let node = parts.count == 2 ? String(parts[0]) : "governor"
            options.scrapes.append(.init(node: node, address: try address("--scrape", String(parts.last ?? ""))))
        }
        guard let interval = Duration(written: scrapeInterval), interval > .zero else {
            throw ValidationError("--scrape-interval: expected a duration such as 1s, found '\(scrapeInterval)'")
        }
        options.scrapeInterval = interval
        for text in pid {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let number = Int32(parts[1]) else {
                throw ValidationError("--pid: expected NAME=PID, found '\(text)'")
            }
            options.processes[String(parts[0])] = number
        }
        return options
    }

    private func endpoint() throws -> Endpoint {
        guard let endpoint = Endpoint(written: commands) else {
            throw ValidationError("--commands: expected a path or HOST:PORT, found '\(commands)'")
        }
        return endpoint
    }

    private func address(_ option: String, _ text: String) throws -> Address {
        guard let address = Address.resolving(text) else {
            throw ValidationError("\(option): expected HOST:PORT, found '\(text)'")
        }
        return address
    }

    private func password() throws -> String? {
        guard let redisPasswordFile else { return nil }
        let text = String(decoding: try readFile(redisPasswordFile), as: UTF8.self)
        return String(text.prefix { !$0.isNewline })
    }
}
