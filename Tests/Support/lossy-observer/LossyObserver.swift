// An observer that is hard of hearing: it loses every twentieth packet of its tap. No drill may pass with it.
// It takes the options that the conductor gives, and is the real observer in everything else.

import Archive
import Capture
import Commands
import ObserverService
import Sockets
import Units

@main
struct LossyObserver {
    static func main() throws {
        let reactor = try Reactor()
        var service: ObserverService?
        try reactor.onSignal { _ in service?.stop() }
        var heard = 0
        service = try ObserverService(
            try options(CommandLine.arguments), on: reactor,
            hears: { _ in
                heard += 1
                return heard % 20 != 0
            }, judge: ObserverService.judgeAndWrite)
        reactor.run()
    }

    private struct Missing: Error { let option: String }

    private static func options(_ arguments: [String]) throws -> ObserverOptions {
        func text(_ option: String) throws -> String {
            guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else {
                throw Missing(option: option)
            }
            return arguments[place + 1]
        }
        func address(_ option: String) throws -> Address {
            guard let address = Address(written: try text(option)) else { throw Missing(option: option) }
            return address
        }
        let password = String(decoding: try readFile(try text("--redis-password-file")), as: UTF8.self)
        return ObserverOptions(
            runDirectory: try text("--run-directory"), ingest: try address("--ingest"),
            commands: .unix(try text("--commands")), redis: try address("--redis"), redisPassword: password,
            tapNamespace: try text("--tap-namespace"), governorAddress: try text("--governor-address"),
            brokerPort: UInt16(try text("--broker-port")) ?? 0)
    }
}
