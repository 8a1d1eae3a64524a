"""An intent as it comes over `strategy.intents`, and what is wrong with it."""

import json
from dataclasses import dataclass

KEYS = {"id", "tick", "action", "target", "symbol", "side", "quantity", "type", "limit", "tif", "reduce_only",
        "sent_ns", "due_ns"}


@dataclass
class Intent:
    id: str
    tick: int
    action: str
    target: str
    symbol: str
    side: str
    quantity: int
    limit: int              # 0: a market order
    tif: str
    reduce_only: bool
    due_ns: int
    well_formed: bool

    @property
    def content(self):
        return self.symbol, self.side, self.quantity, self.limit, self.tif


def name_is_sound(value):
    return isinstance(value, str) and 0 < len(value) <= 64 and all(" " <= each <= "~" for each in value)


def whole(value):
    return type(value) is int       # True is an int in Python, and no quantity


def sound(value, symbols):
    if value.keys() != KEYS or not name_is_sound(value["id"]):
        return False
    if not all(whole(value[key]) for key in ("tick", "sent_ns", "due_ns")):
        return False
    if value["action"] == "cancel":
        return name_is_sound(value["target"])
    return (value["action"] in ("new", "replace") and (value["action"] == "new" or name_is_sound(value["target"]))
            and value["symbol"] in symbols and value["side"] in ("buy", "sell") and type(value["reduce_only"]) is bool
            and whole(value["quantity"]) and value["quantity"] > 0 and value["tif"] in ("day", "ioc", "fok")
            and (value["type"] == "limit" and whole(value["limit"]) and value["limit"] > 0
                 or value["type"] == "market" and value["limit"] is None))


def parse(data, symbols):
    """None when not even an object came: without an id there is nothing that an outcome could be about."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    try:
        well_formed = sound(value, symbols)
    except (TypeError, KeyError):
        well_formed = False
    get = value.get
    if not well_formed:     # only what names it is read; the rest is never used
        identity, tick = get("id"), get("tick")
        return Intent(identity if isinstance(identity, str) else "", tick if whole(tick) else 0, get("action"), "",
                      "", "", 0, 0, "", get("reduce_only") is True, 0, False)
    limit = get("limit") or 0
    tif = get("tif") if limit or get("tif") == "fok" else "ioc"
    return Intent(get("id"), get("tick"), get("action"), get("target"), get("symbol"), get("side"),
                  get("quantity") or 0, limit, tif, get("reduce_only") is True, get("due_ns"), True)
