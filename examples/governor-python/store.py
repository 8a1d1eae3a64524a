"""PostgreSQL, from a thread of its own because the client blocks. The loop hands statements in and hears when they hold.

Whatever waits is committed together in one round trip: a simple query of several statements is one transaction.
Every row says absolute values, so a batch whose answer was lost can be written again.
"""

import queue
import threading
import time

import pg8000.native
from pg8000.native import literal

OWN = """CREATE TABLE IF NOT EXISTS gauntlet.governor_python (name text PRIMARY KEY, value bigint NOT NULL)"""
LARGEST_BATCH = 1_000    # all that waits: with 250 ms to the server and back, more batches mean more waiting
PASSING = ("08", "53", "57")     # SQLSTATE classes: connection, resources, an administrator's stop
COLUMNS = ("cl_ord_id", "orig_cl_ord_id", "reference", "symbol", "side", "quantity", "price", "tif", "reducing",
           "epoch", "status", "cumulative", "leaves", "decided_ns", "updated_ns")


FILL = ("exec_id", "order_id", "cl_ord_id", "symbol", "side", "quantity", "price", "adds_liquidity", "at_ns")

# table: (columns, what a second row of the same key does)
TABLES = {
    "orders": (COLUMNS, "DO UPDATE SET status = excluded.status, quantity = excluded.quantity, "
               "cumulative = excluded.cumulative, leaves = excluded.leaves, updated_ns = excluded.updated_ns "
               "WHERE orders.updated_ns <= excluded.updated_ns"),
    "fills": (FILL, "DO NOTHING"),
    "positions": (("symbol", "quantity", "version"), "DO UPDATE SET quantity = excluded.quantity, "
                  "version = excluded.version WHERE positions.version < excluded.version"),
    "pnl": (("symbol", "cash", "fees", "position"), "DO UPDATE SET cash = excluded.cash, fees = excluded.fees, "
            "position = excluded.position"),
    "governor_python": (("name", "value"), "DO UPDATE SET value = excluded.value "
                        "WHERE governor_python.value <= excluded.value"),
}


def order_row(order):
    return "orders", [getattr(order, column) for column in COLUMNS]


def fill_rows(fill, position, version, cash, fees):
    symbol = fill["symbol"]
    return [("fills", [fill[key] for key in FILL]), ("positions", [symbol, position, version]),
            ("pnl", [symbol, cash, fees, position])]


def number_row(name, value):
    return "governor_python", [name, value]


def statements(rows):
    """One statement a table, and of each row only the last version: on a slow path every packet is a wait.

    The first column is the key of every table.
    """
    latest = {table: {} for table in TABLES}
    for table, values in rows:
        latest[table][values[0]] = values
    text = []
    for table, (columns, conflict) in TABLES.items():
        if latest[table]:
            listed = ",".join(f"({','.join(map(literal, values))})" for values in latest[table].values())
            text.append(f"INSERT INTO gauntlet.{table} ({','.join(columns)}) VALUES {listed} "
                        f"ON CONFLICT ({columns[0]}) {conflict}")
    return ";".join(text)


class Store:
    def __init__(self, parameters, loop):
        self.parameters, self.loop = parameters, loop
        self.waiting, self.connected = queue.Queue(), False
        self.unfinished = {}            # ticket → when it was handed in
        self.ticket = 0
        self.loaded = loop.create_future()
        self.problem = "not connected yet"
        threading.Thread(target=self.run, daemon=True).start()

    # -- on the loop's thread

    def submit(self, rows, then=None):
        """`then(held)` on the loop, once they are committed (True) or were refused by the server (False)."""
        self.ticket += 1
        self.unfinished[self.ticket] = time.monotonic()
        self.waiting.put((self.ticket, rows, then))

    def finished(self, batch, held):
        for ticket, _, then in batch:
            self.unfinished.pop(ticket, None)
            if then:
                then(held)

    @property
    def reachable(self):
        """False as soon as the oldest write has waited for longer than an order may."""
        oldest = next(iter(self.unfinished.values()), None)
        return self.connected and (oldest is None or time.monotonic() - oldest < 0.9)

    # -- on the store's own thread

    def run(self):
        connection, batch = None, []
        while True:
            try:
                if connection is None:
                    connection = pg8000.native.Connection(**self.parameters, timeout=5)
                    self.open(connection)
                if not batch:
                    batch = self.next_batch()
                if batch:
                    connection.run(statements(row for _, rows, _ in batch for row in rows))
                    self.loop.call_soon_threadsafe(self.finished, batch, True)
                    batch = []
            except pg8000.native.DatabaseError as error:
                if str(error.args[0].get("C", "") if isinstance(error.args[0], dict) else "")[:2] in PASSING:
                    self.problem = f"PostgreSQL: {error}"
                    connection = self.lost(connection)
                    continue
                # The server said no. Writing the same again can't help, and silence would look like success.
                self.problem = f"PostgreSQL refused a write: {error}"
                print(f"error {self.problem}", flush=True)
                self.loop.call_soon_threadsafe(self.finished, batch, False)
                connection, batch = self.lost(connection), []
            except Exception as error:      # whatever the socket or the client says: connect anew, write again
                self.problem = f"PostgreSQL: {error!r}"
                connection = self.lost(connection)

    def open(self, connection):
        if not self.loaded.done():
            connection.run(OWN)
            rows = {"orders": connection.run(f"SELECT {', '.join(COLUMNS)} FROM gauntlet.orders ORDER BY decided_ns"),
                    "fills": connection.run(f"SELECT {', '.join(FILL)} FROM gauntlet.fills ORDER BY at_ns, exec_id"),
                    "numbers": dict(connection.run("SELECT name, value FROM gauntlet.governor_python"))}
            self.loop.call_soon_threadsafe(self.loaded.set_result, rows)
        self.connected = True

    def lost(self, connection):
        self.connected = False
        try:
            if connection:
                connection.close()
        except Exception:
            pass    # it is broken already: that is why it is closed
        time.sleep(0.1)
        return None

    def next_batch(self):
        batch = [self.waiting.get()]
        while len(batch) < LARGEST_BATCH and not self.waiting.empty():
            batch.append(self.waiting.get_nowait())
        return batch
