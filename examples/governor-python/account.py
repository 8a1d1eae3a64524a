"""What is known about orders, positions and money. Prices and money are integers in 1/10,000, exact all the way."""

import math
from dataclasses import dataclass
from fractions import Fraction

FINAL = ("filled", "cancelled", "replaced", "rejected", "expired", "withdrawn", "lost")


@dataclass
class Order:
    """One ClOrdID; the fields are the columns of `gauntlet.orders`."""
    cl_ord_id: str
    orig_cl_ord_id: str | None
    reference: str
    symbol: str
    side: str
    quantity: int
    price: int
    tif: str
    reducing: bool
    epoch: int
    status: str
    cumulative: int
    leaves: int
    decided_ns: int
    updated_ns: int
    sent: bool = False

    @property
    def open(self):
        return self.status not in FINAL


class Fees:
    """Per fill, accrued exactly, and rounded once an order and component; see docs/schemas/fees.schema.json."""

    def __init__(self, schedule):
        self.schedule, self.orders, self.traded = schedule, {}, 0

    def add(self, order_id, sold, quantity, price, adds):
        """What the order's fees grow by with this fill, in 1/10,000."""
        rules, worth = self.schedule, Fraction(quantity * price, 10_000)
        parts = self.orders.setdefault(order_id, dict(sec=0, taf=0, exchange=0, clearing=0, commission=0, worth=0))
        before = self.total(parts)
        parts["worth"] += worth
        if sold:
            parts["sec"] += worth * rules["sec_per_million_sold"] / 1_000_000
            parts["taf"] += quantity * rules["taf_per_share_sold"]
        if Fraction(price, 10_000) >= rules["exchange_price_minimum"]:
            parts["exchange"] += quantity * rules["maker_per_share" if adds else "taker_per_share"]
        elif not adds:
            parts["exchange"] += worth * rules["taker_percent_below"] / 100
        parts["clearing"] += quantity * rules["clearing_per_share"]
        parts["commission"] += self.commission(quantity)
        return self.total(parts) - before

    def commission(self, quantity):
        tiers, total, end = self.schedule["commission_tiers"], Fraction(0), self.traded + quantity
        for index, (start, each) in enumerate(tiers):
            stop = tiers[index + 1][0] if index + 1 < len(tiers) else end
            total += max(0, min(end, stop) - max(self.traded, start)) * each
        self.traded = end
        return total

    def total(self, parts):
        if not parts["worth"]:
            return 0
        rules, charged = self.schedule, dict(parts)
        ceiling = charged.pop("worth") * rules["commission_maximum_percent"] / 100
        if rules["commission_tiers"]:
            charged["commission"] = min(max(parts["commission"], rules["commission_minimum"]), ceiling)
        charged["taf"] = min(parts["taf"], rules["taf_maximum"])
        return sum(self.rounded(value) for value in charged.values())

    def rounded(self, value):
        units = Fraction(value) / self.schedule["rounding_unit"]
        if self.schedule["rounding"] == "up":
            whole = math.ceil(units)
        else:
            whole = math.floor(abs(units) + Fraction(1, 2)) * (1 if units >= 0 else -1)
        return int(whole * self.schedule["rounding_unit"] * 10_000)


class Account:
    def __init__(self, settings):
        self.symbols, self.limits = settings.symbols, settings.limits
        self.positions = {symbol: 0 for symbol in settings.symbols}
        self.versions, self.cash = dict(self.positions), dict(self.positions)
        self.fees, self.last_fill = dict(self.positions), {}
        self.schedule = Fees(settings.fees)
        self.orders, self.working, self.by_reference = {}, {}, {}
        self.executions = set()
        self.peak = self.limits["opening_equity"]

    # -- orders

    def add(self, order):
        self.orders[order.cl_ord_id] = order
        self.by_reference[order.reference] = order
        if order.open:
            self.working[order.cl_ord_id] = order

    def move(self, order, status, now_ns, cumulative=None, leaves=None):
        """What has ended stays ended: a replayed report changes nothing."""
        if not order.open:
            return False
        order.status, order.updated_ns = status, max(now_ns, order.updated_ns + 1)
        order.cumulative = order.cumulative if cumulative is None else cumulative
        order.leaves = order.leaves if leaves is None else leaves
        if not order.open:
            order.leaves = 0
            self.working.pop(order.cl_ord_id, None)
        return True

    def open_quantity(self, symbol, side, without=None):
        """Shares that may still trade. A replacement that is not confirmed yet counts with what it adds."""
        total = 0
        for order in self.working.values():
            if order.symbol == symbol and order.side == side and order is not without:
                replaced = self.orders.get(order.orig_cl_ord_id)
                total += max(0, order.leaves - replaced.leaves) if replaced and replaced.open else order.leaves
        return total

    def open_notional(self, without=None):
        return sum(order.leaves * order.price for order in self.working.values() if order is not without)

    # -- fills

    def fill(self, fill):
        """False when it was counted before, by its ExecID."""
        if fill["exec_id"] in self.executions:
            return False
        self.executions.add(fill["exec_id"])
        symbol, bought = fill["symbol"], fill["side"] == "buy"
        signed = fill["quantity"] if bought else -fill["quantity"]
        self.positions[symbol] += signed
        self.versions[symbol] += 1
        self.cash[symbol] -= signed * fill["price"]
        self.fees[symbol] += self.schedule.add(fill["order_id"], not bought, fill["quantity"], fill["price"],
                                               fill["adds_liquidity"])
        self.last_fill[symbol] = fill["price"]
        return True

    # -- money

    def equity(self, books):
        """None while a position has no book to close it at."""
        total = self.limits["opening_equity"] + sum(self.cash.values()) - sum(self.fees.values())
        for symbol, quantity in self.positions.items():
            if quantity:
                book = books.get(symbol)
                if book is None or not book.two_sided:
                    return None
                total += quantity * (book.bid if quantity > 0 else book.ask)
        return total

    def losses(self, books):
        """(daily loss beyond its limit, drawdown beyond its limit), or None when equity is unknown."""
        equity, limits = self.equity(books), self.limits
        if equity is None:
            return None
        self.peak = max(self.peak, equity)
        daily = (limits["opening_equity"] - equity) * 10_000 > limits["max_daily_loss_bp"] * limits["opening_equity"]
        return daily, (self.peak - equity) * 10_000 > limits["max_drawdown_bp"] * self.peak
