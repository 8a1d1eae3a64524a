"""Bringing every position to zero. An obligation, not a queued order: it outlives sessions until nothing is held.

    nothing owed ── begin ──▶ cancelling ── nothing works any more ──▶ reducing ── flat ──▶ nothing owed
                                  ▲                                        │
                                  └────────────── session lost ────────────┘
"""


class Flattening:
    """Decides; `governor` carries out: `mass_cancel()`, `reduce(symbol, side, quantity, price)`."""

    def __init__(self, checks, account, limits):
        self.checks, self.account, self.limits = checks, account, limits
        self.reason = None              # why something is owed
        self.asked = None               # when the mass cancel went out on this session
        self.began = {}                 # symbol → (when its first slice was tried, when its last one was)

    @property
    def owed(self):
        return self.reason is not None

    def begin(self, reason):
        """True when this is a new episode, which has to be announced."""
        if self.owed:
            return False
        self.reason, self.asked, self.began = reason, None, {}
        return True

    def session_lost(self):
        """What was asked on the old session may never have arrived."""
        self.asked, self.began = None, {}

    def step(self, governor, now):
        """Called often, while session and orders are known to be sound."""
        if not self.owed:
            return
        if self.asked is None or (self.opening_orders() and now - self.asked > 2):
            self.asked = now
            if self.account.working:
                governor.mass_cancel()
        if self.opening_orders():
            return
        for symbol, position in self.account.positions.items():
            if position:
                self.slice(governor, symbol, position, now)
        if not any(self.account.positions.values()) and not self.account.working:
            self.reason = None

    def opening_orders(self):
        """Orders that aren't slices of ours. Until each has its final report the position can still grow."""
        return any(not order.reference.startswith("flatten-") for order in self.account.working.values())

    def slice(self, governor, symbol, position, now):
        if any(order.symbol == symbol for order in self.account.working.values()):
            return
        if symbol in self.checks.books and self.checks.books[symbol].halted:
            return
        first, last = self.began.get(symbol, (now, None))
        if last is not None and now - last < 0.5:
            return
        times = min(4, 2 ** int((now - first) / 0.5))       # collar once, twice, four times, a step every 500 ms
        collar = self.checks.exit_collar(symbol, now, times)
        if collar is None:
            return
        self.began[symbol] = (first, now)
        side = "sell" if position > 0 else "buy"
        quantity = min(abs(position), self.limits["max_order_quantity"])
        governor.reduce(symbol, side, quantity, collar[side == "buy"])

    def filled(self, symbol):
        """A slice that was filled whole needs no wait before the next one."""
        if symbol in self.began:
            self.began[symbol] = (self.began[symbol][0], None)
