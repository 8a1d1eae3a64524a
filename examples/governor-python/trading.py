"""From a decision to the order on the wire, and back from the broker's reports.

An accepted order goes: outcome published → its row committed → last gate → socket. Whatever stops it on the way is a
`withdrawn`; nothing is ever kept for later.
"""

import json
import time
from dataclasses import dataclass, field
from fractions import Fraction

from account import Order
from fix import timestamp
from intent import Intent
from store import fill_rows, order_row

FINAL = {"2": "filled", "4": "cancelled", "8": "rejected", "C": "expired"}      # OrdStatus(39)
TIME_IN_FORCE = {"day": "0", "ioc": "3", "fok": "4"}


@dataclass
class Waiting:
    """An accepted order that is not on the wire yet."""
    order: Order
    intent: Intent | None       # None: a slice of a flattening
    replaced: Order | None
    since: float
    cancels: list = field(default_factory=list)     # intents that want it cancelled as soon as it is on the wire


def ten_thousandths(text):
    return int(Fraction(text) * 10_000)


def price_text(price):
    return f"{price // 10_000}.{price % 10_000:04d}"


class Trading:
    def __init__(self, governor):
        self.governor = governor
        self.account, self.checks = governor.account, governor.checks
        self.store, self.session = governor.store, governor.session
        self.reconciled, self.status_id, self.named = False, None, set()
        self.waiting = {}
        self.prefix, self.count = f"{time.time_ns():x}", 0      # ClOrdIDs differ from those of every earlier life
        self.slices = 0

    # -- deciding

    def decide(self, intent, started):
        checks, governor = self.checks, self.governor
        situation, replaced, price, quantity = governor.situation(), None, 0, intent.quantity
        if intent.action == "cancel":
            reason = checks.cancel(intent, situation, started)
        elif intent.action == "replace":
            reason, price, quantity, replaced = self.check_replace(intent, situation, started)
        elif intent.reduce_only:
            reason, price, quantity = checks.exit(intent, situation, started)
        else:
            reason, price = checks.opening(intent, situation, started)
        if reason:
            self.publish(intent.id, intent.tick, "reject", 0, reason, None)
        elif intent.action == "cancel":
            self.cancel(intent, started)
        else:
            self.accept(intent, price, quantity, replaced, started)
        checks.seen.add(intent.id)
        governor.metrics.histograms["decision"].observe(time.monotonic() - started)
        if intent.due_ns:
            governor.metrics.histograms["pipeline"].observe((time.time_ns() - intent.due_ns) / 1e9)

    def check_replace(self, intent, situation, now):
        """A replace is judged like a new order, the old order's shares taken out."""
        target = self.account.by_reference.get(intent.target)
        if target is not None and (target.status != "working" or self.replacement_of(target)):
            target = None
        if intent.reduce_only:
            reason, price, quantity = self.checks.exit(intent, situation, now, replaced=target)
        else:
            (reason, price), quantity = self.checks.opening(intent, situation, now, replaced=target), intent.quantity
        if reason is None and target is None:
            reason = "unknown_target"
        elif reason is None and ((intent.symbol, intent.side) != (target.symbol, target.side)
                                 or quantity <= target.cumulative):
            reason = "bad_field"
        return reason, price, quantity, target

    def replacement_of(self, target):
        return any(order.orig_cl_ord_id == target.cl_ord_id for order in self.account.working.values())

    def publish(self, intent, tick, action, quantity, reason, cl_ord_id):
        decision = {"intent": intent, "tick": tick, "action": action, "quantity": quantity, "reason": reason,
                    "epoch": self.governor.flags.epoch or 0, "cl_ord_id": cl_ord_id}
        self.governor.flags.link.send("PUBLISH", "governor.decisions", json.dumps(decision), keep=True)
        self.governor.metrics.decisions[action] += 1

    def new_id(self):
        self.count += 1
        return f"{self.prefix}-{self.count}"

    def accept(self, intent, price, quantity, replaced, now):
        order = Order(
            cl_ord_id=self.new_id(), orig_cl_ord_id=replaced.cl_ord_id if replaced else None, reference=intent.id,
            symbol=intent.symbol, side=intent.side, quantity=quantity, price=price, tif=intent.tif,
            reducing=intent.reduce_only, epoch=self.governor.flags.epoch, status="pending",
            cumulative=replaced.cumulative if replaced else 0,
            leaves=quantity - (replaced.cumulative if replaced else 0), decided_ns=time.time_ns(),
            updated_ns=time.time_ns())
        cut = quantity < intent.quantity
        self.publish(intent.id, intent.tick, "reduce" if cut else "accept", quantity,
                     "reduced_to_limit" if cut else "ok", order.cl_ord_id)
        self.checks.accepted(intent, now)
        if not self.governor.settings.shadow:
            self.make_durable(Waiting(order, intent, replaced, now))

    def make_durable(self, waiting):
        order = waiting.order
        self.account.add(order)
        self.waiting[order.cl_ord_id] = waiting
        self.store.submit([order_row(order)], lambda held: self.durable(order.cl_ord_id, held))

    def durable(self, cl_ord_id, held):
        waiting = self.waiting.pop(cl_ord_id, None)
        if waiting is None:
            return      # withdrawn meanwhile
        reason = self.last_gate(waiting) if held else "store_unavailable"
        if reason:
            self.withdraw(waiting, reason)
        else:
            self.send(waiting)

    # -- the last gate

    def last_gate(self, waiting):
        """Everything that may have changed since the decision, looked at again right before the socket."""
        order, now, governor = waiting.order, time.monotonic(), self.governor
        situation = governor.situation()
        for stops, reason in ((situation.killed, "killed"), (not situation.session, "session_down"),
                              (not situation.reconciled, "not_reconciled"),
                              (situation.backed_up, "path_backed_up"), (now - waiting.since > 1, "decision_stale"),
                              (waiting.replaced and not waiting.replaced.open, "unknown_target")):
            if stops:
                return reason
        if order.reducing:
            # The order itself is among the open ones, so nothing may be left over below zero.
            return "not_reducing" if self.checks.reducible(order.symbol, order.side) < 0 else None
        for stops, reason in ((situation.critical, "critical_paused"), (situation.paused, "paused"),
                              (situation.reduce_only, "reduce_only"),
                              (order.epoch != governor.flags.epoch, "decision_stale")):
            if stops:
                return reason
        return self.checks.book_problem(order.symbol, now)

    def withdraw(self, waiting, reason):
        self.account.move(waiting.order, "withdrawn", time.time_ns())
        self.store.submit([order_row(waiting.order)])
        if waiting.intent:
            self.publish(waiting.intent.id, waiting.intent.tick, "withdrawn", 0, reason,
                         waiting.order.cl_ord_id)
        for intent, cl_ord_id in waiting.cancels:
            self.publish(intent.id, intent.tick, "withdrawn", 0, "unknown_target", cl_ord_id)

    def withdraw_late(self, now):
        for cl_ord_id, waiting in list(self.waiting.items()):
            if now - waiting.since > 0.9:
                self.withdraw(self.waiting.pop(cl_ord_id), "store_unavailable")

    def withdraw_waiting(self, reason):
        for cl_ord_id in list(self.waiting):
            self.withdraw(self.waiting.pop(cl_ord_id), reason)

    # -- what goes out

    def send(self, waiting):
        order, replaced = waiting.order, waiting.replaced
        if order.reducing and waiting.intent:
            for own in self.checks.meets_own(order.symbol, order.side, order.price):
                self.send_cancel(own, f"cancel-{time.time_ns()}", self.new_id())
        order.sent = True
        fields = [(41, replaced.cl_ord_id)] if replaced else []
        fields += [(11, order.cl_ord_id), (526, order.reference), (21, 1), (55, order.symbol), self.side(order),
                   (60, timestamp()), (38, order.quantity), (40, 2), (44, price_text(order.price)),
                   (59, TIME_IN_FORCE[order.tif]), (77, "C" if order.reducing else "O")]
        self.session.send("G" if replaced else "D", fields)
        for intent, cl_ord_id in waiting.cancels:
            self.send_cancel(order, intent.id, cl_ord_id)

    def side(self, order):
        return 54, 1 if order.side == "buy" else 2

    def cancel(self, intent, now):
        target = self.account.by_reference[intent.target]
        cl_ord_id = self.new_id()
        self.publish(intent.id, intent.tick, "accept", target.leaves, "ok", cl_ord_id)
        self.checks.accepted(intent, now)
        if target.cl_ord_id in self.waiting:
            self.waiting[target.cl_ord_id].cancels.append((intent, cl_ord_id))
        elif not self.governor.settings.shadow:
            self.send_cancel(target, intent.id, cl_ord_id)

    def send_cancel(self, target, reference, cl_ord_id):
        self.session.send("F", [(41, target.cl_ord_id), (11, cl_ord_id), (526, reference), (55, target.symbol),
                                self.side(target), (60, timestamp()), (38, target.quantity)])

    def mass_cancel(self):
        if not self.session.unsent:
            self.session.send("q", [(11, self.new_id()), (530, 7), (60, timestamp())])

    def reduce(self, symbol, side, quantity, price):
        """One slice of a flattening. Its name has never been used, in this life or an earlier one."""
        self.slices += 1
        while (name := f"flatten-{self.slices}") in self.checks.before:
            self.slices += 1
        now_ns = time.time_ns()
        order = Order(cl_ord_id=self.new_id(), orig_cl_ord_id=None, reference=name, symbol=symbol, side=side,
                      quantity=quantity, price=price, tif="ioc", reducing=True, epoch=self.governor.flags.epoch,
                      status="pending", cumulative=0, leaves=quantity, decided_ns=now_ns, updated_ns=now_ns)
        self.make_durable(Waiting(order, None, None, time.monotonic()))

    def ask_status(self):
        """Orders that the answer doesn't name were never accepted, or have ended."""
        self.reconciled, self.named = False, set()
        self.status_id = self.new_id()
        self.session.send("AF", [(584, self.status_id), (585, 7)])

    # -- what comes back

    def reply(self, message):
        kind = message[35]
        if kind == "8":
            self.report(message)
        elif kind == "9" and message.get(434) == "2":
            self.end(self.account.orders.get(message.get(11)), "rejected")      # the replacement never came to be
        elif kind in ("3", "j"):
            self.ask_status()       # a request was refused unread: which one, its absence from the status tells

    def find(self, message):
        """The report of a cancel bears the cancel's own id in 11, and the order's in 41."""
        orders = self.account.orders
        return orders.get(message.get(11)) or orders.get(message.get(41))

    def report(self, message):
        kind, order = message.get(150), self.find(message)
        if kind == "I":
            return self.status(message, order)
        if order is None:
            return      # an order of nobody that is known here: its fills would show in the position check
        if kind == "F":
            self.filled(message, order)
        if kind == "5":
            self.replaced(message, order)
        cumulative, leaves = int(message.get(14, 0)), int(message.get(151, 0))
        status = FINAL.get(message.get(39), "working")
        if self.account.move(order, status, time.time_ns(), cumulative, leaves):
            self.store.submit([order_row(order)])
        if status == "filled" and order.reference.startswith("flatten-"):
            self.governor.flattening.filled(order.symbol)

    def filled(self, message, order):
        fill = {"exec_id": message[17], "order_id": message[37], "cl_ord_id": order.cl_ord_id,
                "symbol": order.symbol, "side": order.side, "quantity": int(message[32]),
                "price": ten_thousandths(message[31]), "adds_liquidity": message.get(851) == "1",
                "at_ns": time.time_ns()}
        if self.account.fill(fill):
            symbol, account = order.symbol, self.account
            self.store.submit(fill_rows(fill, account.positions[symbol], account.versions[symbol],
                                        account.cash[symbol], account.fees[symbol]))
            self.governor.flags.link.send("HSET", "positions", symbol, account.positions[symbol])

    def replaced(self, message, order):
        """`order` is the new one; the old one's ids lead to it from now on."""
        old = self.account.orders.get(message.get(41))
        if old is not None and old is not order:
            self.end(old, "replaced")
            for reference, each in list(self.account.by_reference.items()):
                if each is old:
                    self.account.by_reference[reference] = order
            order.quantity = int(message.get(38, order.quantity))

    def status(self, message, order):
        if message.get(584) != self.status_id:
            return      # of a request that was asked anew
        if order is not None:
            self.named.add(order.cl_ord_id)
            if self.account.move(order, FINAL.get(message.get(39), "working"), time.time_ns(),
                                 int(message.get(14, 0)), int(message.get(151, 0))):
                self.store.submit([order_row(order)])
        if message.get(912) == "Y" or message.get(911) == "0":
            for order in list(self.account.working.values()):
                if order.sent and order.cl_ord_id not in self.named:
                    self.end(order, "lost")
            self.reconciled = True
            if self.governor.killed and self.account.working:
                self.mass_cancel()
            self.governor.update_state()

    def end(self, order, status):
        if order is not None and self.account.move(order, status, time.time_ns()):
            self.store.submit([order_row(order)])
