"""May this intent become an order? The first check that doesn't pass is the reason; a missing input denies.

Nothing here sends or waits: the same inputs give the same answer, at the first look and again at the last gate.
"""

from collections import deque
from dataclasses import dataclass

LARGEST_PRICE = 100_000_000


@dataclass
class Situation:
    """What is known about the world around the books, at one instant."""
    killed: bool
    critical: bool
    paused: bool
    session: bool
    reconciled: bool
    store: bool
    backed_up: bool
    reduce_only: bool
    losses: tuple | None    # (daily, drawdown) beyond their limits; None: equity unknown


@dataclass
class Book:
    sent_ns: int
    halted: bool
    bids: list              # [price, size], best first
    asks: list
    arrived: float          # monotonic, seconds
    travelled: float        # seconds from `sent_ns` to the arrival, by both wall clocks

    @property
    def two_sided(self):
        return bool(self.bids and self.asks)

    @property
    def bid(self):
        return self.bids[0][0]

    @property
    def ask(self):
        return self.asks[0][0]

    @property
    def sound(self):
        """Neither crossed nor absurd. One side may be empty: that is `no_reference`, not a broken book."""
        prices = [price for price, _ in self.bids + self.asks]
        return all(0 < price <= LARGEST_PRICE for price in prices) and not (self.two_sided and self.bid > self.ask)

    def age(self, now):
        return self.travelled + now - self.arrived

    def collar(self, basis_points):
        """(lowest, highest) price allowed: so far from the middle, in whole cents inwards."""
        twice = self.bid + self.ask
        lowest = -(-twice * (10_000 - basis_points) // 2_000_000) * 100
        return max(lowest, 100), twice * (10_000 + basis_points) // 2_000_000 * 100

    def market_reach(self, side, quantity):
        """The worst price that a market order of this size would take from the visible book."""
        for price, size in (levels := self.asks if side == "buy" else self.bids):
            quantity -= size
            if quantity <= 0:
                return price
        return levels[-1][0]


class Window:
    """How many within the last `seconds`."""

    def __init__(self, seconds):
        self.seconds, self.times = seconds, deque()

    def count(self, now):
        while self.times and now - self.times[0] >= self.seconds:
            self.times.popleft()
        return len(self.times)


class Checks:
    def __init__(self, account, limits):
        self.account, self.limits = account, limits
        self.books, self.valid = {}, {}         # symbol → the last book; the last one that could be traded on
        self.suspect = set(account.symbols)     # symbols without a book since a tick was lost
        self.seen, self.before = set(), set()   # ids of this process; ids with an order from before a restart
        self.openings, self.exits, self.cancels = Window(1), Window(1), Window(1)
        self.contents = {}                      # content → Window of accepted orders
        self.last_content = {}

    # -- books

    def take_book(self, symbol, book, now):
        self.books[symbol] = book
        self.suspect.discard(symbol)
        if self.book_problem(symbol, now) is None:
            self.valid[symbol] = book

    def book_problem(self, symbol, now):
        book = self.books.get(symbol)
        if book is None:
            return "no_reference"
        if book.halted:
            return "halted"
        if symbol in self.suspect or not book.sound or book.age(now) * 1000 > self.limits["max_quote_age_ms"]:
            return "stale_feed"
        return None if book.two_sided else "no_reference"

    def exit_collar(self, symbol, now, times=1):
        """(lowest, highest) for an order that only reduces; None without any reference."""
        width = self.limits["price_collar_bp"] * times
        if self.book_problem(symbol, now) is None:
            return self.books[symbol].collar(min(width, 9_999))
        if symbol in self.valid:
            return self.valid[symbol].collar(min(2 * width, 9_999))
        if symbol in self.account.last_fill:
            last = self.account.last_fill[symbol]
            return Book(0, False, [[last, 1]], [[last, 1]], now, 0).collar(min(2 * width, 9_999))
        return None

    # -- the three kinds of intent

    def duplicate(self, intent):
        if intent.id in self.before:
            return "duplicate_order"
        return "duplicate_intent" if intent.id in self.seen else None

    def opening(self, intent, situation, now, replaced=None):
        """(reason, price): reason None when it may go. `replaced`: the order that it would take the place of."""
        for holds, reason in ((situation.killed, "killed"), (situation.critical, "critical_paused"),
                              (situation.paused, "paused"), (not situation.session, "session_down"),
                              (not situation.reconciled, "not_reconciled"),
                              (not situation.store, "store_unavailable"), (situation.backed_up, "path_backed_up"),
                              (not intent.well_formed, "bad_field")):
            if holds:
                return reason, 0
        reason = self.duplicate(intent) or self.duplicate_content(intent, now)
        reason = reason or self.book_problem(intent.symbol, now)
        if reason:
            return reason, 0
        book = self.books[intent.symbol]
        lowest, highest = book.collar(self.limits["price_collar_bp"])
        price = intent.limit or (highest if intent.side == "buy" else lowest)
        if not lowest <= price <= highest:
            return "price_collar", 0
        reason = (self.sizes(intent, book, replaced) or self.exposure(intent, replaced)
                  or self.traffic(intent, price, now, replaced))
        reach = intent.limit or book.market_reach(intent.side, intent.quantity)
        if not reason and self.meets_own(intent.symbol, intent.side, reach, replaced):
            reason = "self_trade"
        if not reason and (situation.losses is None or any(situation.losses)):
            reason = "daily_loss" if situation.losses is None or situation.losses[0] else "drawdown"
        return reason or ("reduce_only" if situation.reduce_only else None), price

    def exit(self, intent, situation, now, replaced=None):
        """(reason, price, quantity): the quantity may be less than what was asked for."""
        for holds, reason in ((situation.killed, "killed"), (not situation.session, "session_down"),
                              (not situation.reconciled, "not_reconciled"),
                              (not situation.store, "store_unavailable"), (situation.backed_up, "path_backed_up"),
                              (not intent.well_formed, "bad_field")):
            if holds:
                return reason, 0, 0
        if reason := self.duplicate(intent):
            return reason, 0, 0
        if intent.action == "replace" and replaced is None:
            return "unknown_target", 0, 0
        reducible = self.reducible(intent.symbol, intent.side, replaced) + (replaced.cumulative if replaced else 0)
        quantity = min(intent.quantity, reducible, self.limits["max_order_quantity"])
        if quantity <= 0:
            return "not_reducing", 0, 0
        collar = self.exit_collar(intent.symbol, now)
        if collar is None:
            return "no_reference", 0, 0
        price = intent.limit or collar[intent.side == "buy"]
        if not collar[0] <= price <= collar[1]:
            return "price_collar", 0, 0
        if self.exits.count(now) >= self.limits["max_exits_per_second"]:
            return "message_rate", 0, 0
        return None, price, quantity

    def cancel(self, intent, situation, now):
        for holds, reason in ((not situation.session, "session_down"), (not situation.reconciled, "not_reconciled"),
                              (situation.backed_up, "path_backed_up"), (not intent.well_formed, "bad_field")):
            if holds:
                return reason
        if reason := self.duplicate(intent):
            return reason
        target = self.account.by_reference.get(intent.target)
        if target is None or not target.open:
            return "unknown_target"
        return "message_rate" if self.cancels.count(now) >= self.limits["max_cancels_per_second"] else None

    # -- single checks

    def reducible(self, symbol, side, without=None):
        """Shares that an order on this side can still take off the position, whatever else works there."""
        position = self.account.positions[symbol] * (1 if side == "sell" else -1)
        return position - self.account.open_quantity(symbol, side, without)

    def duplicate_content(self, intent, now):
        last = self.last_content.get(intent.content)
        if last is not None and (now - last) * 1000 < self.limits["duplicate_window_ms"]:
            return "duplicate_content"

    def sizes(self, intent, book, replaced):
        limits, account = self.limits, self.account
        if intent.quantity > limits["max_order_quantity"]:
            return "max_quantity"
        if intent.quantity * (intent.limit or book.ask) > limits["max_order_notional"]:
            return "max_notional"
        sign = 1 if intent.side == "buy" else -1
        quantity = intent.quantity - (replaced.cumulative if replaced else 0)
        working = account.open_quantity(intent.symbol, intent.side, without=replaced)
        if abs(account.positions[intent.symbol] + sign * (working + quantity)) > limits["max_position"]:
            return "max_position"

    def exposure(self, intent, replaced):
        before, after = self.exposures(None, None), self.exposures(intent, replaced)
        for index, key, reason in ((0, "max_gross_exposure_bp", "gross_exposure"),
                                   (1, "max_net_exposure_bp", "net_exposure")):
            if after is None:
                return reason
            beyond = after[index] * 10_000 > self.limits[key] * self.limits["opening_equity"]
            if beyond and (before is None or after[index] > before[index]):
                return reason

    def exposures(self, intent, replaced):
        """(gross, net) with this intent's shares on top; None when something held has no price."""
        gross = longest = shortest = 0
        for symbol, position in self.account.positions.items():
            buys = self.account.open_quantity(symbol, "buy", without=replaced)
            sells = self.account.open_quantity(symbol, "sell", without=replaced)
            if intent and intent.symbol == symbol:
                added = intent.quantity - (replaced.cumulative if replaced else 0)
                buys, sells = (buys + added, sells) if intent.side == "buy" else (buys, sells + added)
            if not (position or buys or sells):
                continue
            book = self.books.get(symbol)
            if book is None or not book.asks:
                return None
            gross += max(abs(position + buys), abs(position - sells)) * book.ask
            longest, shortest = longest + (position + buys) * book.ask, shortest + (position - sells) * book.ask
        return gross, max(abs(longest), abs(shortest))

    def traffic(self, intent, price, now, replaced):
        limits, account = self.limits, self.account
        count = sum(1 for order in account.working.values() if order is not replaced)
        if count + 1 > limits["max_open_orders"]:
            return "open_orders"
        if account.open_notional(without=replaced) + intent.quantity * price > limits["max_open_notional"]:
            return "open_orders"
        if self.openings.count(now) >= limits["max_orders_per_second"]:
            return "message_rate"
        window = self.contents.get(intent.content)
        if window and window.count(now) >= limits["max_repeated_orders"]:
            return "repeated_execution"

    def meets_own(self, symbol, side, reach, replaced=None):
        """Own orders resting on the other side that an order reaching to this price would trade with."""
        return [order for order in self.account.working.values()
                if order.symbol == symbol and order.side != side and order.tif == "day" and order is not replaced
                and (order.price <= reach if side == "buy" else order.price >= reach)]

    def accepted(self, intent, now):
        if intent.action == "cancel":
            self.cancels.times.append(now)
        elif intent.reduce_only:
            self.exits.times.append(now)
        else:
            self.openings.times.append(now)
            self.last_content[intent.content] = now
            window = self.contents.setdefault(intent.content, Window(self.limits["repeat_window_ms"] / 1000))
            window.count(now)
            window.times.append(now)
