import Books
import Messages
import Units

extension Governor {
    mutating func receive(_ report: Report, at moment: Moment) {
        if report.kind == .status { return receiveStatus(report, at: moment) }
        if report.isEmptyStatus { return receiveStatus(report, at: moment) }
        switch report.kind {
        case .new: acknowledge(report.clOrdID, at: moment)
        case .trade: trade(report, at: moment)
        case .replaced: replaced(report, at: moment)
        case .cancelled: end(report, .cancelled, at: moment)
        case .expired: end(report, .expired, at: moment)
        case .rejected: end(report, .rejected, at: moment)
        case .status, .other: break
        }
        // Reports come in order, so nothing of this order follows its final one.
        if report.isFinal { ledger.settle(orderID: report.orderID) }
    }

    /// The live order that a report is about: named by itself, by its cancel, or by its replace.
    private func key(_ report: Report) -> String? {
        if orders[report.clOrdID] != nil { return report.clOrdID }
        if let original = report.origClOrdID, orders[original] != nil { return original }
        return orders.holder(ofReplacement: report.clOrdID)
    }

    private mutating func acknowledge(_ clOrdID: String, at moment: Moment) {
        guard var order = orders[clOrdID], order.stage == .sent else { return }
        order.stage = .working
        orders.put(order)
        out.append(.store(.order(order.row(.working, at: moment.wall), gates: false)))
    }

    private mutating func trade(_ report: Report, at moment: Moment) {
        let fill = Fill(
            execID: report.execID, orderID: report.orderID, symbol: report.symbol, side: report.side,
            quantity: report.lastQuantity, price: report.lastPrice, addsLiquidity: report.addsLiquidity)
        do {
            guard try ledger.apply(fill) else { return }
        } catch {
            return out.append(.announce("a fill can't be counted: \(error)"))
        }
        market.filled(report.symbol, at: report.lastPrice)
        let row = FillRow(
            execID: report.execID, orderID: report.orderID, clOrdID: report.clOrdID, symbol: report.symbol,
            side: report.side, quantity: report.lastQuantity, price: report.lastPrice,
            addsLiquidity: report.addsLiquidity, at: report.transactTime ?? moment.wall)
        out.append(.store(.fill(row)))
        if let name = key(report), var order = orders[name] {
            order.cumulative = max(order.cumulative, report.cumulative)
            order.stage = .working
            orders.put(order)
            if report.isFinal {
                if order.isFlattening {
                    flattening?.fill(order.symbol, on: market.sequence(order.symbol), at: moment.now)
                }
                finish(name, .filled, at: moment)
            } else {
                out.append(.store(.order(order.row(.working, at: moment.wall), gates: false)))
            }
        } else if var order = orders.final(report.clOrdID) {
            order.cumulative = report.cumulative
            out.append(.store(.order(order.row(report.isFinal ? .filled : .cancelled, at: moment.wall), gates: false)))
        }
        writePositions([report.symbol])
        lookAtEquity(at: moment)
    }

    private mutating func replaced(_ report: Report, at moment: Moment) {
        guard let holder = orders.holder(ofReplacement: report.clOrdID), let old = orders[holder],
            let order = orders.rename(holder)
        else { return }
        out.append(.store(.order(old.row(.replaced, at: moment.wall), gates: false)))
        out.append(.store(.order(order.row(.working, at: moment.wall), gates: false)))
        if report.isFinal { finish(order.clOrdID, .filled, at: moment) }
    }

    private mutating func end(_ report: Report, _ status: StoreSchema.OrderStatus, at moment: Moment) {
        guard let name = key(report), var order = orders[name] else { return }
        order.cumulative = max(order.cumulative, report.cumulative)
        orders.put(order)
        if order.isFlattening, report.isTooLarge { flattening?.refusals[order.symbol, default: 0] += 1 }
        finish(name, status, at: moment)
    }

    /// The order is over; a replace of it that is still open is over with it.
    mutating func finish(_ clOrdID: String, _ status: StoreSchema.OrderStatus, at moment: Moment) {
        guard let order = orders[clOrdID] else { return }
        if let change = order.replacement {
            let fate: StoreSchema.OrderStatus = change.isSent ? .rejected : .withdrawn
            out.append(.store(.order(order.row(of: change, fate, at: moment.wall), gates: false)))
            if !change.isSent { publishWithdrawn(change.reference, change.tick, change.clOrdID, .unknownTarget) }
        }
        out.append(.store(.order(order.row(status, at: moment.wall), gates: false)))
        orders.retire(clOrdID)
    }

    mutating func receive(_ rejection: CancelRejection, at moment: Moment) {
        if let holder = orders.holder(ofReplacement: rejection.clOrdID), let order = orders[holder],
            let change = order.replacement
        {
            out.append(.store(.order(order.row(of: change, .rejected, at: moment.wall), gates: false)))
            orders.dropReplacement(of: holder)
        }
        guard var order = orders[rejection.origClOrdID] else { return }
        order.cancelAsked = nil
        orders.put(order)
        // The broker's word: it never had this order. Reports come in order, so a fill of it would be here by now.
        if rejection.isUnknownOrder { finish(order.clOrdID, .lost, at: moment) }
    }

    mutating func refused(_ clOrdID: String, _ text: String, at moment: Moment) {
        out.append(.announce("the broker refused \(clOrdID): \(text)"))
        if let holder = orders.holder(ofReplacement: clOrdID), let order = orders[holder],
            let change = order.replacement
        {
            out.append(.store(.order(order.row(of: change, .rejected, at: moment.wall), gates: false)))
            orders.dropReplacement(of: holder)
        } else if orders[clOrdID] != nil {
            finish(clOrdID, .rejected, at: moment)
        }
    }

    mutating func writePositions(_ symbols: some Sequence<String>) {
        var changed: [String: Quantity] = [:]
        for symbol in symbols {
            guard let account = ledger.accounts[symbol] else { continue }
            changed[symbol] = account.position
            out.append(.store(.position(symbol: symbol, quantity: account.position, version: account.version)))
            out.append(
                .store(.account(symbol: symbol, cash: account.cash, fees: account.fees, position: account.position)))
        }
        if !changed.isEmpty { out.append(.writePositions(changed)) }
    }
}
